"""Claims about ``gardenos tenants``, on a real database."""

import json

import pytest

from serve_app import cli
from serve_app.exit_codes import ExitCode


@pytest.fixture(autouse=True)
def _on_the_database(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)


def test_a_weight_that_was_set_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tenants", "weigh", "acacia", "3", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == {"tenant": "acacia", "weight": 3}
    assert cli.main(["tenants", "weigh", "acacia", "5"]) == ExitCode.DONE
    assert "acacia has weight 5." in capsys.readouterr().out
    assert cli.main(["tenants", "list", "--json"]) == ExitCode.DONE
    listed = json.loads(capsys.readouterr().out)
    assert listed == {"items": [{"tenant": "acacia", "weight": 5}]}
    assert cli.main(["tenants", "list"]) == ExitCode.DONE
    assert "acacia" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["acacia", "0"], ["acacia", "101"], ["not a name", "2"]])
def test_a_weight_or_a_name_that_cannot_be_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["tenants", "weigh", *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("gardenos: ")
