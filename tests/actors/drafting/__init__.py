"""Tests of how follow-ups are written and checked."""
