"""Whether this replica is about to stop: Serve 2.60 tells a deployment only once it has drained."""

import importlib
from typing import Any


def is_draining() -> bool:
    """Tell whether Serve has begun to drain the replica that this process runs.

    What would otherwise go on for minutes (a stream of events) ends by this, so that the drain
    does not wait for it. Reads two private names of Ray, whose version is pinned; where they are
    not there the answer is False, and the drain waits for its time limit.
    """
    worker: Any = importlib.import_module("ray._private.worker").global_worker
    for actor in getattr(worker, "actors", {}).values():
        replica = getattr(actor, "_replica_impl", None)
        if getattr(replica, "_shutting_down", False):
            return True
    return False
