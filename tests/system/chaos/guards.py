"""The guards that the suite must miss: each taken out of a copy of the product, never of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.system.chaos.schedule import Kind
from tests.system.chaos.tree import Patch

QUERIES = "postgres/sql/queries"


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard of the product.

    Attributes:
        patches: Take it out of the code.
        statements: Take it out of the database, after the migrations.
        kinds: The faults that it guards against.
        rules: Names of the judge's rules, one of which must be broken without it.
        variables: Settings under which the faults reach the guard.
        faults: How many of them; more where few meet the moment that it guards.
    """

    patches: Sequence[Patch]
    kinds: Sequence[Kind]
    rules: frozenset[str]
    statements: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    faults: int = 6


GUARDS: Mapping[str, Guard] = {
    "fence": Guard(
        (
            Patch(
                f"{QUERIES}/queue_complete.sql",
                "where t.task_id = e.task_id and t.attempt = e.attempt and t.finished_at is null",
                "where t.task_id = e.task_id",
            ),
        ),
        (Kind.PAUSE_AGENT, Kind.PAUSE_ORCHESTRATOR),
        frozenset({"one_terminal_state", "result_of_its_attempt"}),
    ),
    "lease_renewal": Guard(
        (
            Patch(
                f"{QUERIES}/queue_renew.sql",
                "w.lease_until > clock_timestamp() and ",
                "",
            ),
        ),
        (Kind.PAUSE_ORCHESTRATOR,),
        frozenset({"no_lease_comes_back"}),
    ),
    "lease_at_claim": Guard(
        (
            Patch(
                f"{QUERIES}/queue_claim.sql",
                "where worker_id = $2 and lease_until > clock_timestamp()",
                "where worker_id = $2",
            ),
        ),
        (Kind.STALL_DATABASE,),
        frozenset({"claims_are_leased"}),
        faults=12,
    ),
    "recovery": Guard(
        (
            Patch(
                f"{QUERIES}/queue_recover_lost.sql",
                "where t.state = 'running' and (",
                "where t.state = 'running' and false and (",
            ),
        ),
        (Kind.KILL_ORCHESTRATOR,),
        frozenset({"every_promise_ends", "no_lease_left"}),
    ),
    "idempotency": Guard(
        (
            Patch(
                f"{QUERIES}/admit_tasks.sql",
                "on conflict (tenant_id, idempotency_key) where idempotency_key is not null"
                " do nothing\n",
                "",
            ),
            Patch(
                f"{QUERIES}/admit_known_keys.sql",
                "where t.task_id not in (select f.task_id from freed f);",
                "where false;",
            ),
        ),
        (Kind.KILL_PROXY,),
        frozenset({"one_task_a_key"}),
        ("drop index tasks_idempotency",),
    ),
    "outbox": Guard(
        (),
        (Kind.KILL_AGENT, Kind.KILL_ORCHESTRATOR),
        frozenset({"every_end_is_told"}),
        ("drop trigger note_moved_tasks on tasks",),
    ),
    "bill": Guard(
        (
            Patch(
                f"{QUERIES}/queue_usage.sql",
                "left join tasks t on t.task_id = u.task_id\n",
                "join tasks t on t.task_id = u.task_id and t.attempt = u.attempt"
                " and t.finished_at is null\n",
            ),
        ),
        (Kind.PAUSE_AGENT,),
        frozenset({"late_calls_are_billed"}),
        variables={
            "GARDENOS_MODEL__TIMEOUT_S": "2",
            "GARDENOS_MODEL__RUN_LIMIT_S": "2.5",
            "GARDENOS_AGENTS__PAID__ATTEMPT_LIMIT_S": "3",
        },
    ),
}
"""By name.

``bill`` makes the ledger fenced as results are, so late bills are lost; its limits are short, so
that an agent that slept for longer than a lease comes back to attempts that were given up.
"""
