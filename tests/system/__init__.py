"""Tests through the product's own doors: its command line, its HTTP face, its processes."""
