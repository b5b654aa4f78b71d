"""Files that are encrypted and authenticated piece by piece: AES-256-GCM by a key file.

A file is MAGIC, sixteen random bytes, then frames: four bytes of length, the sealed piece and its
tag. A frame's nonce is its number and whether it is the last, its associated data the header:
frames cannot be changed, swapped, left out, added or cut off unseen, nor taken from another file.
Each file has a key of its own, drawn by HKDF from the key file's and the header, so that no nonce
is used twice.

Source: the STREAM construction of V. T. Hoang et al., "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance", CRYPTO 2015.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import ConfigurationError, InvalidInputError

MAGIC = b"GRDNSEAL1\n"
SALT_BYTES = 16
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
KEY_BYTES = 32
LENGTH = struct.Struct(">I")
NONCE = struct.Struct(">QI")
DAMAGED = "a file that this key sealed, whole and unchanged"


def read_key(file: Path) -> bytes:
    """Return a key file's key; a secret.

    Raises:
        ConfigurationError: There is none, others may read it, or it is no key of ours.
    """
    try:
        text = file.read_text(encoding="ascii").strip()
        mode = file.stat().st_mode & 0o077
        key = bytes.fromhex(text)
    except (OSError, ValueError) as error:
        allowed = "a file of gardenos postgres make-key"
        raise ConfigurationError("key file", f"{file} ({type(error).__name__})", allowed) from error
    if mode:
        raise ConfigurationError("key file", f"{file}, which others may read", "mode 0600")
    if len(key) != KEY_BYTES:
        raise ConfigurationError("key file", f"{len(key)} bytes", f"{KEY_BYTES} bytes in hex")
    return key


def make_key(file: Path) -> None:
    """Write a new key for its owner alone; an old file is never overwritten.

    Raises:
        ConfigurationError: The file exists or cannot be written.
    """
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        got = f"{file} ({error.strerror})"
        raise ConfigurationError("key file", got, "a new file in a folder of yours") from error
    with os.fdopen(number, "w", encoding="ascii") as opened:
        opened.write(os.urandom(KEY_BYTES).hex() + "\n")


class Sealer:
    """Seals what is written to it, so that no plain byte needs a place on a disk.

    Holds one piece in memory. Leaves ``out`` open; a file without :meth:`close` does not open.
    """

    def __init__(self, key: bytes, out: BinaryIO) -> None:
        self._header = MAGIC + os.urandom(SALT_BYTES)
        self._cipher = cipher_of(key, self._header)
        self._out = out
        self._waiting = bytearray()
        self._number = 0
        out.write(self._header)

    def write(self, piece: bytes | bytearray | memoryview) -> int:
        """Seal a piece of any size; return its size."""
        self._waiting += piece
        # A full piece waits until there is more: the last one must be known as such.
        while len(self._waiting) > PIECE_BYTES:
            self._write_frame(bytes(self._waiting[:PIECE_BYTES]), is_last=False)
            del self._waiting[:PIECE_BYTES]
        return len(piece)

    def flush(self) -> None:
        """Do nothing: a frame is written when it is full."""

    def close(self) -> None:
        """Seal the last piece; once."""
        self._write_frame(bytes(self._waiting), is_last=True)

    def _write_frame(self, piece: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(NONCE.pack(self._number, is_last), piece, self._header)
        self._out.write(LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


def unseal(sealed: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield what was sealed, each piece once it is proved; the end is proved with the last one.

    Raises:
        InvalidInputError: The key is another one, or the file was changed or cut off.
    """
    header = sealed.read(len(MAGIC) + SALT_BYTES)
    if not header.startswith(MAGIC) or len(header) != len(MAGIC) + SALT_BYTES:
        raise InvalidInputError("file", "no sealed file", DAMAGED)
    cipher = cipher_of(key, header)
    number, length = 0, sealed.read(LENGTH.size)
    while length:
        (size,) = LENGTH.unpack(length) if len(length) == LENGTH.size else (0,)
        frame = sealed.read(size) if TAG_BYTES <= size <= PIECE_BYTES + TAG_BYTES else b""
        length = sealed.read(LENGTH.size)
        if len(frame) != size:
            raise InvalidInputError("file", f"frame {number} is cut off", DAMAGED)
        try:
            yield cipher.decrypt(NONCE.pack(number, not length), frame, header)
        except (InvalidTag, ValueError) as error:
            raise InvalidInputError("file", f"frame {number} fails its proof", DAMAGED) from error
        number += 1
    if not number:
        raise InvalidInputError("file", "a header without content", DAMAGED)


def cipher_of(key: bytes, header: bytes) -> AESGCM:
    """Return the cipher of one file."""
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=header, info=MAGIC).derive(key)
    return AESGCM(derived)
