"""Identifiers that cross rooms, one type each."""

from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", str)
"""Owner of a row; ``default`` where nobody has to log in."""

LeadId = NewType("LeadId", str)
"""Chosen by the sender or made at intake; unique within a tenant."""

TaskId = NewType("TaskId", UUID)
"""UUID version 7 (RFC 9562), so that ids sort by the time they were made."""

WorkerId = NewType("WorkerId", UUID)
"""One life of one orchestrator replica: a restarted replica is another worker."""

AgentKind = NewType("AgentKind", str)
"""Name of an agent pool, for example ``lead_analysis``."""

DEFAULT_TENANT = TenantId("default")
"""The tenant of callers on loopback, where no authentication is configured."""
