"""SCRAM-SHA-256 verifiers: what a server stores of a password, computed where the password is.

So that no password stands in a statement, where logs and statistics would find it.
"""

import base64
import hashlib
import hmac
import re
import stringprep
import unicodedata

ITERATIONS = 4096
"""What PostgreSQL itself takes by default; a verifier with fewer than that is made anew."""

VERIFIER = re.compile(
    r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]{44}):([A-Za-z0-9+/=]{44})"
)
PROHIBITED = (
    *(stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3),
    *(stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6),
    *(stringprep.in_table_c7, stringprep.in_table_c8, stringprep.in_table_c9),
)


def is_verifier(text: str) -> bool:
    """Tell whether a text is a verifier already."""
    return VERIFIER.fullmatch(text) is not None


def make_verifier(password: str, salt: bytes, *, iterations: int = ITERATIONS) -> str:
    """Return what the server stores of a password.

    Args:
        password: Not empty.
        salt: Random bytes, 16 as the server takes them.
        iterations: Rounds of the hash; a login costs as many.

    Source: RFC 5802, section 3, and RFC 7677.
    """
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    coded = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{coded[0]}${coded[1]}:{coded[2]}"


def fits(verifier: str | None, password: str) -> bool:
    """Tell whether a stored verifier is that of a password, or of the same verifier."""
    match = VERIFIER.fullmatch(verifier or "")
    if not match or verifier is None:
        return False
    if is_verifier(password):
        return hmac.compare_digest(verifier, password)
    if int(match[1]) < ITERATIONS:
        return False
    again = make_verifier(password, base64.b64decode(match[2]), iterations=int(match[1]))
    return hmac.compare_digest(verifier, again)


def prepared(password: str) -> bytes:
    """Return a password's bytes as server and drivers hash them.

    As PostgreSQL does, one that SASLprep refuses is taken as it is. Source: RFC 4013.
    """
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one
        for one in password
        if not stringprep.in_table_b1(one)
    )
    text = unicodedata.normalize("NFKC", mapped)
    refused = not text or any(table(one) for one in text for table in PROHIBITED)
    unassigned = any(stringprep.in_table_a1(one) for one in text)
    right_to_left = any(stringprep.in_table_d1(one) for one in text)
    mixed = right_to_left and (
        any(stringprep.in_table_d2(one) for one in text)
        or not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1]))
    )
    return (password if refused or unassigned or mixed else text).encode()
