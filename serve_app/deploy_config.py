"""The Serve config of ``serve deploy`` and KubeRay, made from the settings."""

from typing import Any

import yaml

from serve_app.settings import Settings

APPLICATION = "gardenos"
IMPORT_PATH = "serve_app.app:build"
HEADER = "# Made by `gardenos deploy-config` from the default settings; a test compares them.\n"


def deploy_config(settings: Settings) -> dict[str, Any]:
    """Return the config for ``PUT /api/serve/applications/``.

    ``args`` holds only what differs from the defaults, so that the environment of the cluster can
    set the rest; no secret is ever in it, since settings hold references.
    """
    return {
        "proxy_location": "EveryNode",
        "http_options": {"host": settings.http.host, "port": settings.http.port},
        "logging_config": {"log_level": "INFO", "encoding": "JSON", "enable_access_log": False},
        "applications": [
            {
                "name": APPLICATION,
                "route_prefix": "/",
                "import_path": IMPORT_PATH,
                "args": settings.model_dump(mode="json", exclude_defaults=True),
            }
        ],
    }


def to_yaml(config: dict[str, Any]) -> str:
    """Return a config as the text of ``serve.yaml``."""
    return HEADER + yaml.safe_dump(config, sort_keys=False)
