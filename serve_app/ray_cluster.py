"""A Ray of our own on this machine, with Serve and the application on it.

Import this only after Ray's environment variables have been set: see :mod:`serve_app.local`.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import ray
from ray import serve
from ray.serve import Application
from ray.serve.schema import LoggingConfig

from domain.errors import UnavailableError
from serve_app.deploy_config import APPLICATION
from serve_app.processes import alive, descendants_of
from serve_app.settings import HttpSettings

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
OBJECT_STORE_BYTES = 100 * 2**20
"""Tasks travel as messages; Ray's object store stays empty."""

MAX_REASON_CHARACTERS = 400

STOP_LIMIT_S = 10.0
"""How long Ray's processes may take to end before they are killed."""


@contextlib.contextmanager
def run_on_loopback(
    application: Application, http: HttpSettings, *, dashboard_port: int | None, folder: Path
) -> Iterator[tuple[str, str | None]]:
    """Run Ray, Serve and the application; give the addresses of Ray and of its dashboard.

    Args:
        application: What :func:`serve_app.app.build` returns.
        http: Where to listen.
        dashboard_port: A free port for Ray's dashboard, or None for no dashboard.
        folder: For Ray's files; short, since paths of sockets end at 107 bytes.

    Raises:
        UnavailableError: The application did not become ready.
    """
    for name in ("ray", "ray.serve"):
        logging.getLogger(name).setLevel(logging.ERROR)
    before = descendants_of(os.getpid())
    try:
        context = ray.init(
            address="local",
            include_dashboard=dashboard_port is not None,
            dashboard_host=LOOPBACK,
            dashboard_port=dashboard_port,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"worker_process_setup_hook": "serve_app.loopback.prepare_worker"},
            _node_ip_address=LOOPBACK,
            _temp_dir=str(folder / "ray"),  # Ray opens it to everybody; the folder above is private
        )
        take_back_sigterm()
        _run_application(application, http)
        dashboard = f"http://{context.dashboard_url}" if context.dashboard_url else None
        yield ray.get_runtime_context().gcs_address, dashboard
    finally:
        with _deaf_to_signals():
            _stop(before)


def take_back_sigterm() -> None:
    """Give SIGTERM back to the handler that Python knows: Ray has put one below it that aborts."""
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _run_application(application: Application, http: HttpSettings) -> None:
    quiet = LoggingConfig(log_level="WARNING", enable_access_log=False)
    serve.start(
        proxy_location="HeadOnly",
        http_options={"host": http.host, "port": http.port},
        logging_config=quiet,
    )
    try:
        serve.run(application, name=APPLICATION, route_prefix="/", logging_config=quiet)
    except RuntimeError as error:
        raise UnavailableError(f"the application did not start: {_reason()}", 5.0) from error


def _reason() -> str:
    """Return what Serve says of the deployments that are not healthy, in one line."""
    application = serve.status().applications.get(APPLICATION)
    deployments = application.deployments.values() if application else ()
    said = [one.message.strip() for one in deployments if one.status != "HEALTHY" and one.message]
    last_lines = [message.splitlines()[-1] for message in said]
    return " ".join(last_lines)[-MAX_REASON_CHARACTERS:] or "no reason was given"


def _stop(before: frozenset[int]) -> None:
    """Stop Serve and Ray, wait for their processes, and kill what does not end."""
    ours = descendants_of(os.getpid()) - before
    patience_s = 0.0
    if ray.is_initialized():
        patience_s = STOP_LIMIT_S
        # serve.shutdown() kills its controller in mid-call, which Ray prints as an error.
        with contextlib.suppress(Exception):  # a half-started Serve must not keep Ray alive
            serve.delete(APPLICATION)
        ray.shutdown()
    until_s = time.monotonic() + patience_s
    while alive(ours) and time.monotonic() < until_s:
        time.sleep(0.05)
    for pid in alive(ours):
        logger.info("process_killed", extra={"pid": pid})
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Let nothing interrupt the stop, so that no process is left behind."""
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, signal.SIG_IGN) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
