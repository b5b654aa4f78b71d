"""How the senders call in the name of a tenant: the one place to change for another way."""

from collections.abc import Mapping
from pathlib import Path

from tests.system.chaos.orders import TENANTS
from tests.system.chaos.tree import Patch

HEADER = "X-Tenant-Of-A-Test"

PATCHES = (
    Patch(
        "serve_app/identity.py",
        'return Caller(DEFAULT_TENANT, ALL_SCOPES, "loopback")',
        f'return Caller(headers.get("{HEADER}", DEFAULT_TENANT), ALL_SCOPES, "loopback")',
    ),
)
"""Makes a copy of the product take a tenant's word for who it is."""


def tenant_headers(folder: Path, address: str) -> Mapping[str, dict[str, str]]:
    """Return what the requests of each tenant carry.

    Args:
        folder: Of the running application.
        address: Of its HTTP face.
    """
    del folder, address
    return {tenant: {HEADER: tenant} for tenant in TENANTS}
