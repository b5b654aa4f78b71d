"""Fixtures that every test may ask for.

Ray reads the variables when it is imported, so they are set before any test module is.
"""

import os

from tests.database import database, dsn, postgres_server, short_folder, template
from tests.patroni.fixtures import cluster, patroni_cluster

__all__ = [
    "cluster",
    "database",
    "dsn",
    "patroni_cluster",
    "postgres_server",
    "short_folder",
    "template",
]

os.environ.update(
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # Ray then takes 127.0.0.1 for the node's address
    RAY_USAGE_STATS_ENABLED="0",
    RAY_AUTH_MODE="disabled",
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
)
