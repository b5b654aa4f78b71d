"""What the exit code of ``gardenos`` says."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4
    REFUSED = 5
    ILL = 6
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAULT: "a fault of ours",
    ExitCode.USAGE: "an option or argument that does not exist or fit",
    ExitCode.CONFIGURATION: "a wrong setting, a port in use, a folder that cannot be written",
    ExitCode.UNAVAILABLE: "the service or the database cannot be reached, or is not ready",
    ExitCode.REFUSED: "the service refused the request",
    ExitCode.ILL: "looked, and found what somebody must mend",
    ExitCode.INTERRUPTED: "interrupted before the work was done",
}

EPILOG = "Exit codes: " + "; ".join(f"{code.value} {text}" for code, text in MEANINGS.items()) + "."
