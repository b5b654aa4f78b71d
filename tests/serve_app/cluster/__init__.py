"""Tests of the commands that look after the Postgres cluster."""
