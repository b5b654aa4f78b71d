"""Tests, one folder per room, plus ``contracts`` (ports), ``system`` (front door) and ``shape``."""
