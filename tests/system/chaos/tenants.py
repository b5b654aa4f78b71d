"""The tenants of the load: each calls with an API key of its own, made as an operator makes it."""

import json
import subprocess
from collections.abc import Mapping

from tests.system.application import GARDENOS, environment
from tests.system.chaos.orders import TENANTS

VARIABLES = {"GARDENOS_AUTH__MODE": "api_key"}
"""How the product must run to know them."""


def tenant_headers(dsn: str) -> Mapping[str, dict[str, str]]:
    """Return what the requests of each tenant carry.

    Args:
        dsn: The address of the product's database.
    """
    return {tenant: {"Authorization": f"Bearer {_new_key(tenant, dsn)}"} for tenant in TENANTS}


def _new_key(tenant: str, dsn: str) -> str:
    scopes = ("--scope", "read", "--scope", "write")
    made = subprocess.run(
        [GARDENOS, "keys", "create", "--tenant", tenant, *scopes, "--json"],
        env=environment({"GARDENOS_DATABASE_URL": dsn}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    key: str = json.loads(made.stdout)["key"]
    return key
