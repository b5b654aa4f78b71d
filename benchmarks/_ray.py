"""A Ray of the benchmark's own, on loopback, gone when the benchmark ends."""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

THROUGHPUT = os.environ.get("BENCH_SERVE_THROUGHPUT", "1")

os.environ.update(
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
    RAY_USAGE_STATS_ENABLED="0",
    RAY_AUTH_MODE="disabled",
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
    RAY_SERVE_THROUGHPUT_OPTIMIZED=THROUGHPUT,
)

import ray  # noqa: E402 - reads the variables above when it is imported
from ray import serve  # noqa: E402
from ray.serve import Application, Deployment  # noqa: E402
from ray.serve.handle import DeploymentHandle  # noqa: E402
from ray.serve.schema import LoggingConfig  # noqa: E402


def deployed(target: type[object], max_ongoing_requests: int) -> Deployment:
    """Return a deployment of one replica that takes so many calls at once."""
    as_deployment = serve.deployment(max_ongoing_requests=max_ongoing_requests, num_replicas=1)
    deployment: Deployment = as_deployment(target)
    return deployment


@contextlib.contextmanager
def served(application: Application) -> Iterator["DeploymentHandle[object]"]:
    """Run an application and give a handle that works outside of a replica."""
    folder = Path(tempfile.mkdtemp(prefix="gdnb-"))
    quiet = LoggingConfig(log_level="ERROR", enable_access_log=False)
    for name in ("ray", "ray.serve"):
        logging.getLogger(name).setLevel(logging.ERROR)
    ray.init(
        address="local",
        num_cpus=4,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100 << 20,
        runtime_env={
            "worker_process_setup_hook": "serve_app.loopback.bind_to_loopback",
            "env_vars": {"PYTHONPATH": str(Path(__file__).parents[1])},
        },
        _temp_dir=str(folder),
    )
    try:
        serve.start(proxy_location="Disabled", logging_config=quiet)
        handle = serve.run(application, route_prefix=None, logging_config=quiet)
        handle._init(_run_router_in_separate_loop=True)  # noqa: SLF001 - no public way outside a replica
        yield handle
    finally:
        serve.shutdown()
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
