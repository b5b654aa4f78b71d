"""Stay in order until told to end: a container's process, which nobody watches.

No signal ends process 1 of a container but one that it takes.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from serve_app.log_lines import EventFormatter

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def until_terminated() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set; inside a running loop of the main thread.

    Meanwhile events are told on standard error, one line each.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in SIGNALS:
        loop.add_signal_handler(one, stop.set)
    told, root = logging.StreamHandler(sys.stderr), logging.getLogger()
    told.setFormatter(EventFormatter())
    before = root.level
    root.addHandler(told)
    root.setLevel(logging.INFO)
    try:
        yield stop
    finally:
        root.removeHandler(told)
        root.setLevel(before)
        for one in SIGNALS:
            loop.remove_signal_handler(one)
