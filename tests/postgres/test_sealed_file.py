"""Claims about sealed files: what was put in comes out, and nothing else ever does."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationError, InvalidInputError
from postgres.sealed_file import (
    MAGIC,
    PIECE_BYTES,
    SALT_BYTES,
    Sealer,
    make_key,
    read_key,
    unseal,
)

KEY, OTHER = bytes(range(32)), bytes(32)
HEADER_BYTES = len(MAGIC) + SALT_BYTES


def sealed(*pieces: bytes, key: bytes = KEY) -> bytes:
    """Return a sealed file."""
    out = io.BytesIO()
    sealer = Sealer(key, out)
    for piece in pieces:
        assert sealer.write(piece) == len(piece)
    sealer.close()
    return out.getvalue()


def opened(content: bytes, key: bytes = KEY) -> bytes:
    """Return what is inside."""
    return b"".join(unseal(io.BytesIO(content), key))


@given(st.lists(st.binary(max_size=5000), max_size=8))
def test_what_was_sealed_comes_out(pieces: list[bytes]) -> None:
    assert opened(sealed(*pieces)) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_borders_of_frames_lose_nothing(size: int) -> None:
    content = bytes(size)
    assert opened(sealed(content)) == content


@given(st.data())
def test_no_bit_can_be_changed(data: st.DataObject) -> None:
    whole = bytearray(sealed(b"a secret"))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    with pytest.raises(InvalidInputError):
        opened(bytes(whole))


FRAME = 4 + PIECE_BYTES + 16


@pytest.mark.parametrize(
    "harm",
    [
        lambda head, frames: head + frames[:0],
        lambda head, frames: head + frames[:FRAME],
        lambda head, frames: head + frames[FRAME:],
        lambda head, frames: (
            head + frames[FRAME : 2 * FRAME] + frames[:FRAME] + frames[2 * FRAME :]
        ),
        lambda head, frames: head + frames + frames[-20:],
        lambda head, frames: head + frames[:-1],
        lambda head, frames: head + frames + b"\0",
        lambda head, frames: (head + frames)[:0],
    ],
    ids=["no frame", "cut off", "first gone", "swapped", "added", "short", "longer", "empty"],
)
def test_no_frame_can_be_cut_off_moved_or_added(harm: object) -> None:
    assert callable(harm)
    whole = sealed(bytes(2 * PIECE_BYTES + 10))
    with pytest.raises(InvalidInputError):
        opened(harm(whole[:HEADER_BYTES], whole[HEADER_BYTES:]))


def test_a_file_whose_writer_died_does_not_open() -> None:
    out = io.BytesIO()
    Sealer(KEY, out).write(bytes(3 * PIECE_BYTES))
    with pytest.raises(InvalidInputError):
        opened(out.getvalue())


def test_another_key_opens_nothing() -> None:
    with pytest.raises(InvalidInputError):
        opened(sealed(b"x"), OTHER)


def test_two_files_of_one_content_share_nothing() -> None:
    first, second = sealed(b"x" * 64), sealed(b"x" * 64)
    assert first[HEADER_BYTES:] != second[HEADER_BYTES:]


def test_a_key_is_its_owners_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(read_key(file)) == 32
    with pytest.raises(ConfigurationError):
        make_key(file)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key(file)
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="others"):
        read_key(file)


@pytest.mark.parametrize("text", ["", "short", "ab" * 31, "zz" * 32])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError):
        read_key(file)
