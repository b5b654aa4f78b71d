"""A cluster's configuration in one sealed file: Patroni's, Kubernetes' Secrets, etcd's snapshot.

Inside is a zip of ``patroni.json``, ``keys.json`` (the scope's keys), ``secrets.yaml``,
``etcd-snapshot.db`` and, last, ``manifest.json`` (what it is, sizes and SHA-256 of the rest).
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import yaml

from domain.errors import ConfigurationError, ConflictError, InvalidInputError
from postgres.sealed_file import PIECE_BYTES, Sealer, unseal

FORMAT = 2
MANIFEST = "manifest.json"
PATRONI, KEYS, SECRETS, SNAPSHOT = "patroni.json", "keys.json", "secrets.yaml", "etcd-snapshot.db"
NAMES = frozenset({MANIFEST, PATRONI, KEYS, SECRETS, SNAPSHOT})
OWN_FIELDS = ("name", "namespace", "labels", "annotations")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Part: TypeAlias = Callable[[], Iterable[bytes]]
"""Gives the pieces of one file when it is called."""


def save(out: Path, key: bytes, parts: Mapping[str, Part], *, scope: str) -> dict[str, Any]:
    """Seal parts into ``out`` as they come, whole or not at all; return the manifest.

    No byte of them is written anywhere in the clear. The manifest, which tells of all of them, is
    the last entry.

    Args:
        out: New file; made with mode 0600, never overwritten.
        key: From a key file.
        parts: By one of NAMES; each is asked for when its turn has come.
        scope: Of the cluster.

    Raises:
        ConfigurationError: ``out`` exists or cannot be written.
    """
    if out.exists():
        raise ConfigurationError("--out", f"{out}, which exists", "a new file")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "scope": scope,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {},
    }
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with private(unfinished) as opened:
            sealer = Sealer(key, opened)
            with ZipFile(sealer, "w", ZIP_DEFLATED) as archive:
                for name, part in parts.items():
                    manifest["files"][name] = add(archive, name, part())
                add(archive, MANIFEST, [json.dumps(manifest, indent=2).encode()])
            sealer.close()
            opened.flush()
            os.fsync(opened.fileno())
        os.link(unfinished, out)
    except OSError as error:
        got = f"{out} ({error.strerror})"
        raise ConfigurationError("--out", got, "a new file in a folder of yours") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def add(archive: ZipFile, name: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Write an entry of any size; return its bytes and digest."""
    size, digest = 0, hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as entry:
        for piece in pieces:
            entry.write(piece)
            digest.update(piece)
            size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def restore(sealed: Path, key: bytes, folder: Path) -> dict[str, Any]:
    """Unseal into an empty folder; return the manifest, once every file is proved.

    Raises:
        ConfigurationError: The file cannot be read, or the folder is not empty.
        InvalidInputError: Another key, a damaged file, or one that holds what it should not.
    """
    make_empty(folder)
    try:
        # Nobody else has a name for it, and nothing is unpacked before all of it is proved.
        with tempfile.TemporaryFile(dir=folder) as plain, sealed.open("rb") as opened:
            for piece in unseal(opened, key):
                plain.write(piece)
            plain.seek(0)
            with ZipFile(plain) as archive:
                return unpack(archive, folder)
    except OSError as error:
        got = f"{sealed} ({error.strerror})"
        raise ConfigurationError("file", got, "a file that can be read") from error
    except BadZipFile as error:
        raise InvalidInputError("file", "no archive inside", "a file of export-config") from error


def unpack(archive: ZipFile, folder: Path) -> dict[str, Any]:
    """Write the files of an archive, which must be those of its manifest; return that."""
    names = archive.namelist()
    if len(set(names)) != len(names) or not {MANIFEST} <= set(names) <= NAMES:
        raise InvalidInputError("file", f"the entries {names}", "files of export-config")
    manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if set(names) != {MANIFEST, *manifest["files"]}:
        raise InvalidInputError("file", f"the entries {names}", "those of its manifest")
    for name in names:
        with archive.open(name) as content, private(folder / name) as out:
            shutil.copyfileobj(content, out, PIECE_BYTES)
    for name, told in manifest["files"].items():
        if digest_of(folder / name) != told["sha256"]:
            raise ConflictError("file", name, "it differs from its manifest")
    return manifest


def make_empty(folder: Path) -> None:
    """Make a folder for its owner alone, or find it empty.

    Raises:
        ConfigurationError: It holds something or cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        full = next(folder.iterdir(), None) is not None
    except OSError as error:
        got = f"{folder} ({error.strerror})"
        raise ConfigurationError("--to", got, "a folder that can be made") from error
    if full:
        raise ConfigurationError("--to", f"{folder}, which holds files", "an empty folder")


def private(file: Path) -> BinaryIO:
    """Open a new file that its owner alone may read."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def digest_of(file: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def secrets_document(secrets: list[dict[str, Any]]) -> bytes:
    """Return Secrets as YAML that ``kubectl apply`` takes, without what the server adds."""
    return yaml.safe_dump_all([clean_secret(one) for one in secrets], sort_keys=True).encode()


def clean_secret(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Secret without uid, revision, times and owners."""
    metadata = {name: one["metadata"][name] for name in OWN_FIELDS if one["metadata"].get(name)}
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(LAST_APPLIED, None)
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": one.get("type") or "Opaque",
        "metadata": metadata,
        "data": dict(one.get("data") or {}),
    }
