"""Verifiers are what the server would have made itself."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgres.scram import fits, is_verifier, make_verifier, prepared

SALT = bytes(range(16))


def test_the_example_of_the_standard_comes_out() -> None:
    """RFC 7677: the server signature of its example is made with this key."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    server_key = base64.b64decode(make_verifier("pencil", salt).rpartition(":")[2])
    message = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(server_key, message.encode(), "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@given(st.text(min_size=1), st.binary(min_size=16, max_size=16))
def test_a_verifier_fits_its_password_and_itself(password: str, salt: bytes) -> None:
    verifier = make_verifier(password, salt)
    assert is_verifier(verifier)
    assert fits(verifier, password)
    assert fits(verifier, verifier)
    assert not fits(verifier, password + "x")


@pytest.mark.parametrize("stored", [None, "", "md5abc", make_verifier("a", SALT, iterations=1)])
def test_what_is_weaker_or_none_does_not_fit(stored: str | None) -> None:
    assert not fits(stored, "a")


@pytest.mark.parametrize(
    ("given_password", "hashed"),
    [
        ("I\u00adX", "IX"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007ä", "\u0007ä"),  # refused, so taken as it is
        ("\u0627\u0031ä", "\u0627\u0031ä"),  # mixed directions: likewise
    ],
)
def test_passwords_are_prepared_as_the_standard_says(given_password: str, hashed: str) -> None:
    assert prepared(given_password) == hashed.encode()
