"""The text of an API key: ``gardenos_ID_SECRETCHECK``, made once and shown once.

The prefix lets scanners of repositories and logs recognise a key; the id finds its row; the secret
is 256 random bits; the last six characters are a CRC-32 of all before, so that a key that was cut
or mistyped is refused without asking the database.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

PREFIX = "gardenos_"
ID_BYTES = 8
SECRET_BYTES = 32
ID_CHARACTERS = 11
SECRET_CHARACTERS = 43
CHECK_CHARACTERS = 6
"""What 8, 32 and 4 bytes take in base 62."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_FORM = re.compile(rf"[0-9A-Za-z]{{{ID_CHARACTERS}}}")
FORM = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{ID_CHARACTERS}}})_([0-9A-Za-z]{{{SECRET_CHARACTERS}}})"
    rf"([0-9A-Za-z]{{{CHECK_CHARACTERS}}})"
)


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What is kept of a key: its id, and the digest of its secret."""

    key_id: str
    digest: bytes = field(repr=False)


def new_key(random: Callable[[int], bytes] = secrets.token_bytes) -> tuple[str, KeyParts]:
    """Return a new key's text, which is a secret, and what to store of it.

    Args:
        random: Returns as many random bytes as it is asked for.
    """
    key_id = _in_base_62(random(ID_BYTES), ID_CHARACTERS)
    secret = _in_base_62(random(SECRET_BYTES), SECRET_CHARACTERS)
    body = f"{PREFIX}{key_id}_{secret}"
    return body + _check_of(body), KeyParts(key_id, digest_of(secret))


def read_key(text: str) -> KeyParts | None:
    """Return the parts of a key, or None where the text is none."""
    found = FORM.fullmatch(text)
    if found is None or _check_of(text[:-CHECK_CHARACTERS]) != found[3]:
        return None
    return KeyParts(found[1], digest_of(found[2]))


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret: SHA-256.

    A slow, salted hash protects what a person chose, since that can be guessed. Nobody guesses 256
    random bits, however fast the hash is, and a slow one would cost every request its time.
    """
    return hashlib.sha256(secret.encode("ascii")).digest()


def _check_of(body: str) -> str:
    return _in_base_62(zlib.crc32(body.encode("ascii")).to_bytes(4, "big"), CHECK_CHARACTERS)


def _in_base_62(raw: bytes, characters: int) -> str:
    number = int.from_bytes(raw, "big")
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
