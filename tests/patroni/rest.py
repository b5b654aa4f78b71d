"""Patroni's REST API as a test sees it: one request, one answer, a short limit."""

import base64
import http.client
import json
from typing import Any

USERNAME, PASSWORD = "patroni", "rest-secret"
LIMIT_S = 1.0
SWITCHOVER_LIMIT_S = 30.0


def ask(
    host: str, port: int, path: str, *, body: object = None, limit_s: float = LIMIT_S
) -> tuple[int, Any]:
    """Return status and parsed answer of a GET, or of a POST where there is a body.

    OSError and http.client.HTTPException mean that nobody answered.
    """
    connection = http.client.HTTPConnection(host, port, timeout=limit_s)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            token = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
            headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
            connection.request("POST", path, body=json.dumps(body), headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text


def ask_or_none(host: str, port: int, path: str) -> tuple[int, Any] | None:
    """Return what :func:`ask` does, or None where nobody answers."""
    try:
        return ask(host, port, path)
    except (OSError, http.client.HTTPException):
        return None
