"""A snapshot passes whole or not at all, however it comes in pieces."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnavailableError
from postgres.etcd_snapshot import checked


def cut(content: bytes, step: int) -> list[bytes]:
    """Return content in pieces."""
    return [content[at : at + step] for at in range(0, len(content), step)]


@given(content=st.binary(max_size=300), step=st.integers(1, 400))
def test_a_whole_snapshot_passes_as_it_is(content: bytes, step: int) -> None:
    whole = content + hashlib.sha256(content).digest()
    assert b"".join(checked(cut(whole, step))) == whole


@given(content=st.binary(min_size=1, max_size=300), step=st.integers(1, 400), at=st.integers(0))
def test_a_changed_one_does_not(content: bytes, step: int, at: int) -> None:
    whole = bytearray(content + hashlib.sha256(content).digest())
    whole[at % len(whole)] ^= 1
    with pytest.raises(UnavailableError, match="checksum"):
        list(checked(cut(bytes(whole), step)))


@given(content=st.binary(max_size=300), step=st.integers(1, 400), lost=st.integers(1, 400))
def test_one_that_was_cut_off_does_not(content: bytes, step: int, lost: int) -> None:
    whole = content + hashlib.sha256(content).digest()
    with pytest.raises(UnavailableError, match="checksum"):
        list(checked(cut(whole[:-lost], step)))
