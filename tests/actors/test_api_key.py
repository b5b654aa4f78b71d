"""Where a provider's key comes from, and that it never shows."""

import logging
from pathlib import Path

import pytest

from actors.api_key import CHECK_INTERVAL_S, ApiKey


class _Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def _key(
    variable: str | None = None, file: Path | None = None, time: _Time | None = None, **env: str
) -> ApiKey:
    return ApiKey(variable, file, environment=env, now_s=time or _Time())


def test_a_variable_is_read_at_each_use() -> None:
    environment = {"KEY": "sk-1"}
    key = ApiKey("KEY", None, environment=environment, now_s=_Time())
    assert key.current() == "sk-1"

    environment["KEY"] = " sk-2\n"
    assert key.current() == "sk-2"


def test_a_file_wins_over_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-file\n")

    assert _key("KEY", file, KEY="sk-variable").current() == "sk-file"


def test_a_file_that_is_gone_is_not_replaced_by_the_variable(tmp_path: Path) -> None:
    assert _key("KEY", tmp_path / "absent", KEY="sk-variable").current() is None


def test_a_replaced_file_is_read_again_within_a_second(tmp_path: Path) -> None:
    time, file = _Time(), tmp_path / "key"
    file.write_text("sk-1")
    key = _key(file=file, time=time)
    assert key.current() == "sk-1"

    (tmp_path / "new").write_text("sk-2")
    (tmp_path / "new").replace(file)
    assert key.current() == "sk-1"
    time.now_s += CHECK_INTERVAL_S
    assert key.current() == "sk-2"


def test_a_link_that_is_switched_as_kubernetes_does_is_followed(tmp_path: Path) -> None:
    time = _Time()
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "key").write_text(f"sk-{version}")
    (tmp_path / "data").symlink_to("one")
    key = _key(file=tmp_path / "data" / "key", time=time)
    assert key.current() == "sk-one"

    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "data")
    time.now_s += CHECK_INTERVAL_S
    assert key.current() == "sk-two"


def test_after_a_refusal_it_tells_whether_there_is_another_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1")
    key = _key(file=file)
    sent = key.current()
    assert not key.is_newer_than(sent)

    file.write_text("sk-2")
    assert key.is_newer_than(sent)
    assert key.is_newer_than(sent)
    assert not key.is_newer_than(key.current())


@pytest.mark.parametrize("text", ["", "  \n", "sk one", "sk-\nX-Header: 1", "sk-\x00", "schlüssel"])
def test_what_cannot_stand_in_a_header_is_no_key(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text)

    assert _key(file=file).current() is None


def test_a_key_shows_in_no_repr_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "key"
    file.write_text("sk-secret and more")
    key = _key(file=file)

    assert key.current() is None
    assert key.current() is None
    assert "sk-secret" not in repr(key)
    assert [record.message for record in caplog.records] == ["model_key_unreadable"]
    assert "sk-secret" not in str(vars(caplog.records[0]))
