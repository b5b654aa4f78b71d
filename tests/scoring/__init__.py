"""What scoring promises, by claim."""
