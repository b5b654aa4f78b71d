"""Tests of storage, on a real embedded server."""
