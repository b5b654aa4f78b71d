"""pgBackRest's configuration as text: one file without a secret, one with nothing else.

Source: https://pgbackrest.org/configuration.html.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from domain.errors import ConfigurationError
from postgres.backup_settings import BackupSettings, LocalServer, RepositorySettings

SECRETS_FILE = "secrets.conf"
INCLUDES = "conf.d"
OF_A_SERVER = re.compile(r"\s*pg\d+-")
OF_A_REPOSITORY = re.compile(r"PGBACKREST_(REPO\d+_[A-Z0-9_]+)")
MOST_SECRET_BYTES = 4096


def render_config(backup: BackupSettings, server: LocalServer) -> str:
    """Return the file without secrets.

    Locks lie beside the socket: only who may reach the server may stand in a backup's way.
    """
    repository = backup.repository
    rules = {
        "log-level-console": "warn",
        "log-level-file": "off",
        "lock-path": server.socket_folder / "pgbackrest",
        "spool-path": server.socket_folder / "pgbackrest-spool",
        "process-max": repository.processes,
        "start-fast": "y",
        "compress-type": repository.compression,
        "compress-level": repository.compression_level,
        "repo1-path": repository.path,
        "repo1-bundle": "y",
        "repo1-block": "y",
        "repo1-retention-full": repository.keep_full,
        "repo1-retention-diff": repository.keep_differential,
        "repo1-cipher-type": "aes-256-cbc" if repository.cipher_key_file else "none",
    }
    if repository.compression == "none":
        del rules["compress-level"]
    if storage := repository.object_storage:
        rules |= {
            "repo1-type": "s3",
            "repo1-s3-bucket": storage.bucket,
            "repo1-s3-endpoint": storage.endpoint,
            "repo1-s3-region": storage.region,
            "repo1-s3-uri-style": "path" if storage.path_style else "host",
        }
    where = {
        "pg1-path": server.data_folder,
        "pg1-socket-path": server.socket_folder,
        "pg1-port": server.port,
        "pg1-user": server.user,
    }
    return f"{section('global', rules)}\n{section(backup.stanza, where)}"


def render_secrets(repository: RepositorySettings) -> str:
    """Return the file with the secrets that the settings name; a secret.

    Raises:
        ConfigurationError: A file cannot be read or holds no single line.
    """
    named = {"repo1-cipher-pass": repository.cipher_key_file}
    if storage := repository.object_storage:
        named["repo1-s3-key"] = storage.key_file
        named["repo1-s3-key-secret"] = storage.secret_file
    found = {name: read_secret(file) for name, file in named.items() if file is not None}
    return section("global", found)


def write_config(backup: BackupSettings, server: LocalServer) -> None:
    """Write both files where the settings say; their user must be the server's.

    Raises:
        ConfigurationError: A secret's file is none, or the folder cannot be written.
    """
    secrets = render_secrets(backup.repository)
    folder = backup.config_file.parent
    try:
        (folder / INCLUDES).mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / INCLUDES / SECRETS_FILE, secrets)
        backup.config_file.write_text(render_config(backup, server), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "config_file", f"{folder} ({error.strerror})", "a folder that this user may write"
        ) from error


def local_config(text: str, elsewhere: Iterable[str] = ()) -> str:
    """Return a configuration without its servers, for who restores to another place.

    With them pgBackRest would want to restore on their hosts.

    Args:
        text: A file of the configuration.
        elsewhere: Options that another file gives; pgBackRest takes none twice.
    """
    given = set(elsewhere)
    kept = [
        line
        for line in text.splitlines()
        if not OF_A_SERVER.match(line) and line.partition("=")[0].strip() not in given
    ]
    return "\n".join(kept) + "\n"


def options_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what variables say of repositories, as options of a file; secrets."""
    return {
        match[1].lower().replace("_", "-"): value
        for name, value in environment.items()
        if (match := OF_A_REPOSITORY.fullmatch(name))
    }


def section(name: str, options: Mapping[str, object]) -> str:
    """Return a section of the configuration."""
    lines = [f"{option}={value}" for option, value in options.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def read_secret(file: Path) -> str:
    """Return a secret of one line.

    Raises:
        ConfigurationError: The file cannot be read, is empty or holds more than a line.
    """
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(file), "a file that cannot be read", "a secret") from error
    if not text or len(text.encode()) > MOST_SECRET_BYTES or not text.isprintable():
        allowed = f"one line of at most {MOST_SECRET_BYTES} bytes"
        raise ConfigurationError(str(file), "<hidden>", allowed)
    return text


def write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone may read, from its first byte on."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as opened:
        opened.write(text)
    unfinished.rename(file)
