"""One pass over a file's bytes before anything else: its digest, its encoding, its size."""

import codecs
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from domain.errors import InvalidInputError

BLOCK_BYTES = 2**20
UTF_8 = "utf-8-sig"
"""UTF-8, with or without a byte order mark."""

_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a file after one pass.

    Attributes:
        digest: SHA-256 of the bytes, in hexadecimal.
        version: Changes when the file does; compare it before and after.
    """

    digest: str
    size_bytes: int
    version: tuple[int, int]


def head_of(path: Path, size_bytes: int = 64 * 1024) -> bytes:
    """Return the first bytes of a file.

    Raises:
        InvalidInputError: It cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(size_bytes)
    except OSError as error:
        got = f"a file that cannot be read ({error.strerror})"
        raise InvalidInputError(str(path), got, "a readable file") from error
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InvalidInputError(str(path), "an empty file", "a file with at least one lead")
    return head


def is_marked(head: bytes) -> bool:
    """Tell whether a file begins with a byte order mark."""
    return any(head.startswith(mark) for mark, _ in _MARKS)


def encoding_of(head: bytes, named: str | None) -> str:
    """Return the codec to read a text file with: the named one, else by its mark, else UTF-8.

    Raises:
        InvalidInputError: There is no codec of that name.
    """
    if named is None:
        return next((codec for mark, codec in _MARKS if head.startswith(mark)), UTF_8)
    try:
        codec = codecs.lookup(named)
        io.TextIOWrapper(io.BytesIO(), encoding=named)  # refuses codecs that are not of text
    except LookupError as error:
        allowed = "a text encoding such as utf-8, cp1252 or iso-8859-15"
        raise InvalidInputError("--encoding", named[:40], allowed) from error
    return UTF_8 if codec.name == "utf-8" else codec.name


def survey(path: Path, encoding: str) -> Survey:
    """Read a file once; prove that all of it is text of the encoding.

    Args:
        path: The file.
        encoding: Codec of a text file; empty for a binary one.

    Raises:
        InvalidInputError: It is not text of that encoding; names the first byte at fault.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
    done_bytes = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            if decoder is not None:
                _refuse_zero_bytes(path, block, done_bytes, encoding)
                _decode(path, decoder, block, done_bytes, encoding)
            done_bytes += len(block)
        if decoder is not None:
            _decode(path, decoder, b"", done_bytes, encoding, final=True)
        version = version_of(path)
    return Survey(digest.hexdigest(), done_bytes, version)


def version_of(path: Path) -> tuple[int, int]:
    """Return size and time of the last change, which tell whether a file is still the same."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _decode(
    path: Path,
    decoder: codecs.IncrementalDecoder,
    block: bytes,
    done_bytes: int,
    encoding: str,
    *,
    final: bool = False,
) -> None:
    held_back = len(decoder.getstate()[0])
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        position = done_bytes - held_back + error.start
        got = f"byte 0x{error.object[error.start]:02x} at position {position}"
        name = "UTF-8" if encoding == UTF_8 else encoding
        allowed = f"text in {name}; name another encoding with --encoding, such as cp1252"
        raise InvalidInputError(str(path), got, allowed) from error


def _refuse_zero_bytes(path: Path, block: bytes, done_bytes: int, encoding: str) -> None:
    position = -1 if encoding.startswith(_WIDE) else block.find(b"\x00")
    if position >= 0:
        got = f"byte 0x00 at position {done_bytes + position}"
        allowed = "text; name its encoding with --encoding, such as utf-16"
        raise InvalidInputError(str(path), got, allowed)
