"""Make a member's files before it starts: configuration from the template, data folder closed.

Runs as a program in the image, from the standard library alone, in a container that ends before the
member's starts. It reads no environment: Kubernetes puts the settings into its arguments::

    member_files.py --template T --output O --data-folder D --set POD_NETWORK=10.42.0.0/16

Exit code 2, with one line that names the fault, where a setting is missing, unknown or no network.
"""

import argparse
import ipaddress
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
NETWORK = "POD_NETWORK"
CLOSED = 0o700
"""Postgres refuses a data folder that others may enter; what mounts a volume may have opened it."""


class SettingError(ValueError):
    """A setting with which no member could start; the message says which and what is allowed."""


def fill(template: str, settings: Mapping[str, str]) -> str:
    """Return the template with every ``${NAME}`` replaced.

    Raises:
        SettingError: A name of the template has no setting, or a setting no name in the template.
    """
    wanted = set(PLACEHOLDER.findall(template))
    if missing := sorted(name for name in wanted if not settings.get(name)):
        raise SettingError(f"{', '.join(missing)} is in the template and has no value")
    if unknown := sorted(settings.keys() - wanted):
        raise SettingError(f"{', '.join(unknown)} is set and not in the template")
    return PLACEHOLDER.sub(lambda match: settings[match[1]], template)


def network(text: str) -> str:
    """Return a network as ``pg_hba.conf`` takes it.

    Raises:
        SettingError: The text is no network, or one that holds every address.
    """
    try:
        given = ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingError(f"{NETWORK}: {error}; wanted is one like 10.42.0.0/16") from error
    if given.prefixlen == 0:
        raise SettingError(f"{NETWORK}: {given} holds every address; wanted is the pods' own")
    return str(given)


def close_data_folder(folder: Path) -> None:
    """Close an existing data folder to everyone else, as Postgres wants it; make none."""
    if folder.is_dir():
        folder.chmod(CLOSED)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data-folder", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Make the files; return the exit code."""
    arguments = parse(words)
    settings = dict(word.partition("=")[::2] for word in arguments.set)
    try:
        if NETWORK in settings:
            settings[NETWORK] = network(settings[NETWORK])
        text = fill(arguments.template.read_text(encoding="utf-8"), settings)
        close_data_folder(arguments.data_folder)
        arguments.output.write_text(text, encoding="utf-8")
    except (OSError, SettingError) as error:
        sys.stderr.write(f"member_files: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
