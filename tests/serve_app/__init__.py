"""Tests of the HTTP face and the command line."""
