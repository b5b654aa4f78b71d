"""Claims about who is calling."""
