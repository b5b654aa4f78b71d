"""How long does a look at the durable queue take, by how much waits in it?

Run: ``python -m benchmarks.look_at_the_queue``. Prints one JSON line. ``fresh`` is before the table
was vacuumed: then the look visits every row, afterwards the index alone.
"""

import asyncio
import json
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from postgres import queries
from postgres.embedded import EmbeddedOptions, start_embedded
from postgres.migrate import migrate
from postgres.pool import session_settings
from postgres.queue_gauge import TENANTS_NAMED
from postgres.settings import DatabaseSettings

ROWS = (1_000, 10_000, 100_000, 1_000_000)
TENANTS = 51
CAP = 1_000_001
LOOKS = 9

FILL = """
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts, payload)
select uuidv7(), 't' || (n % $1), 'noop', 'queued', 'normal', clock_timestamp(), 5, '{"n": 1}'
from generate_series(1, $2::int) n
"""


def main() -> None:
    """Fill, look, print."""
    with TemporaryDirectory(prefix="gardenos-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        unvisited = EmbeddedOptions(server_settings={"autovacuum": "off"})
        with start_embedded(folder / "postgres", unvisited) as server:
            asyncio.run(migrate(server.dsn, DatabaseSettings()))
            found = {str(rows): asyncio.run(measure(server.dsn, rows)) for rows in ROWS}
    print(json.dumps({"benchmark": "look_at_the_queue", "cores": os.cpu_count(), **found}))


async def measure(dsn: str, rows: int) -> dict[str, float]:
    """Return the median look before and after a vacuum, in milliseconds."""
    settings = session_settings(DatabaseSettings()) | {"statement_timeout": "0"}
    settings["transaction_timeout"] = "0"
    connection = await asyncpg.connect(dsn, server_settings=settings, command_timeout=600)
    try:
        await connection.execute("truncate tasks cascade")
        await connection.execute(FILL.replace("$1", str(TENANTS)).replace("$2", str(rows)))
        await connection.execute("analyze tasks")
        fresh_ms = await look(connection)
        await connection.execute("vacuum tasks")
        return {"fresh_p50_ms": fresh_ms, "vacuumed_p50_ms": await look(connection)}
    finally:
        await connection.close()


async def look(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    """Return the median of some looks, in milliseconds."""
    took_ms = []
    for _ in range(LOOKS):
        began_s = time.perf_counter()
        await connection.fetch(
            queries.load("queue_look"), ["noop", "lead_analysis"], CAP, TENANTS_NAMED, None
        )
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return round(statistics.median(took_ms), 2)


if __name__ == "__main__":
    main()
