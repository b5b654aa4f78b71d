"""The first process of a pod without a namespace: collects orphans, as number 1 does in one.

Run as a file (``python -I -S first_process.py PROGRAM ARGUMENTS``), standard library only. Without
it a killed server would stay a zombie, which Patroni takes for a server that lives. Passes SIGTERM
on, and ends when the program does.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36


def run(argv: list[str]) -> None:
    """Run the program and collect whatever ends below us until it does."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    program = os.posix_spawn(argv[0], argv, os.environ)

    def pass_on(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(program, number)

    signal.signal(signal.SIGTERM, pass_on)
    while os.waitpid(-1, 0)[0] != program:
        pass


if __name__ == "__main__":
    run(sys.argv[1:])
