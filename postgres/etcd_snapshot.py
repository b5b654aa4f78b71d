"""A snapshot of etcd is passed on only while its own checksum holds."""

import hashlib
from collections.abc import Iterable, Iterator

from domain.errors import UnavailableError

DIGEST_BYTES = 32
AGAIN_S = 2.0


def checked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a snapshot's bytes as they come, its SHA-256 at the end included.

    etcd appends the checksum of all before it; ``etcdutl snapshot restore`` wants it there.

    Raises:
        UnavailableError: At the end, where the checksum does not fit: it was cut off or changed.
    """
    digest, tail = hashlib.sha256(), b""
    for piece in pieces:
        held = tail + piece
        digest.update(held[:-DIGEST_BYTES])
        tail = held[-DIGEST_BYTES:]
        yield piece
    if len(tail) != DIGEST_BYTES or digest.digest() != tail:
        raise UnavailableError("etcd's snapshot does not fit its own checksum", AGAIN_S)
