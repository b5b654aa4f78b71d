"""The one YAML file of settings, as it is read."""

from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigurationError

FILE_VARIABLE = "GARDENOS_SETTINGS_FILE"


def read_settings_file(path: Path) -> dict[str, Any]:
    """Return a YAML file's settings.

    Raises:
        ConfigurationError: There is no such file, or it is not a YAML mapping.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise ConfigurationError(FILE_VARIABLE, f"{path} ({reason})", "a readable file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(FILE_VARIABLE, f"{path}{place}", "valid YAML") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigurationError(FILE_VARIABLE, f"{path}", "a YAML mapping of sections")
    return {str(name): value for name, value in found.items()}
