"""Tests of what runs where: heaps, dispatch, the engine, agents on a real Ray."""
