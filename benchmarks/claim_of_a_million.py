"""How long does a claim of 100 take where a million tasks wait? Alone, and with what may join it.

Run: ``python -m benchmarks.claim_of_a_million``. Prints one JSON line. ``reserving`` adds to the
same statement what budgets will need: a row per tenant, locked in order, debited by what was taken.
"""

import asyncio
import json
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from postgres import queries
from postgres.embedded import start_embedded
from postgres.migrate import migrate
from postgres.pool import session_settings
from postgres.settings import DatabaseSettings
from postgres.task_queue import EXPRESS_CLAIM

ROWS = 1_000_000
LIMIT = 100
CLAIMS = 200
SPREADS = {"one tenant": 1, "51 tenants": 51, "5001 tenants": 5001}

FILL = """
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts, payload)
select uuidv7(), 't' || (n % $1), 'noop', 'queued', (array['low', 'normal'])[1 + n % 2],
    clock_timestamp() + (n % 2) * interval '600 s', 5, '{"n": 1}'
from generate_series(1, $2::int) n
"""

RESERVING = queries.load("queue_claim").replace(
    "update tasks t\nset state = 'running'",
    """, debited as (
    update benchmark_budgets b set reserved = b.reserved + d.tasks
    from (select l.tenant_id, count(*) as tasks
          from taken k join tasks t on t.task_id = k.task_id
          join (select tenant_id from benchmark_budgets order by tenant_id for no key update) l
              on l.tenant_id = t.tenant_id
          group by l.tenant_id) d
    where b.tenant_id = d.tenant_id returning b.tenant_id
)
update tasks t
set state = 'running'""",
)


def main() -> None:
    """Fill, claim, print."""
    with TemporaryDirectory(prefix="gardenos-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with start_embedded(folder / "postgres") as server:
            asyncio.run(migrate(server.dsn, DatabaseSettings()))
            found = {name: asyncio.run(measure(server.dsn, n)) for name, n in SPREADS.items()}
    print(json.dumps({"benchmark": "claim_of_a_million", "cores": os.cpu_count(), **found}))


async def measure(dsn: str, tenants: int) -> dict[str, float]:
    """Return the median and the 95th percentile of each kind of claim, in milliseconds."""
    settings = session_settings(DatabaseSettings()) | {"statement_timeout": "0"}
    settings["transaction_timeout"] = "0"
    connection = await asyncpg.connect(dsn, server_settings=settings, command_timeout=600)
    try:
        await connection.execute("truncate tasks cascade")
        await connection.execute("drop table if exists benchmark_budgets")
        await connection.execute(FILL.replace("$1", str(tenants)).replace("$2", str(ROWS)))
        await connection.execute(
            "create table benchmark_budgets as select distinct tenant_id, 0::bigint as reserved"
            " from tasks"
        )
        await connection.execute("alter table benchmark_budgets add primary key (tenant_id)")
        await connection.execute("vacuum analyze tasks")
        worker = UUID(str(uuid7()))
        await connection.execute(
            "insert into workers (worker_id, lease_until)"
            " values ($1, clock_timestamp() + interval '1 hour')",
            worker,
        )
        kinds = {
            "plain": queries.load("queue_claim"),
            "reserving": RESERVING,
            "express_empty": EXPRESS_CLAIM,
        }
        figures: dict[str, float] = {}
        for name, query in kinds.items():
            took_ms, cursor = [], ""
            for _ in range(CLAIMS):
                began_s = time.perf_counter()
                rows = await connection.fetch(query, "noop", worker, LIMIT, cursor)
                took_ms.append((time.perf_counter() - began_s) * 1000)
                if rows:
                    cursor = max(rows, key=lambda row: int(row["seat"]))["tenant_id"]
            figures[f"{name}_p50_ms"] = round(statistics.median(took_ms), 2)
            figures[f"{name}_p95_ms"] = round(statistics.quantiles(took_ms, n=20)[-1], 2)
        return figures
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
