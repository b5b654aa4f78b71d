"""Fixtures that every test may ask for."""

from tests.database import database, dsn, postgres_server, short_folder, template

__all__ = ["database", "dsn", "postgres_server", "short_folder", "template"]
