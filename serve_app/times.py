"""Times as people read them in a terminal: in this machine's zone, which is named."""

from datetime import datetime


def local_time(text: str) -> str:
    """Return an ISO 8601 time with zone as weekday, day, time and the name of the local zone."""
    return f"{datetime.fromisoformat(text).astimezone():%a %d %b %H:%M %Z}"
