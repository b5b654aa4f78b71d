"""Files of leads scored through the command line: killed at any moment, each row is paid once."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.provider.beside import ProviderProcess
from tests.provider.calls import Call
from tests.system.application import (
    GARDENOS,
    REPOSITORY,
    Application,
    environment,
    free_port,
    until,
)

pytestmark = pytest.mark.timeout(400)

BANK = REPOSITORY.parent / "shared" / "data" / "leads" / "bank_marketing.csv"
NEEDS_BANK = pytest.mark.skipif(
    not BANK.exists(), reason="the shared lead data is not beside this checkout"
)
ROWS = 2000
SLOTS = 16
KILLS = 3
MODEL = "deepseek-ai/DeepSeek-V3"
AT_THE_KILL_S = 0.5
"""A call that ended so shortly before a kill may not have had its result stored yet, and what the
killed process had started goes on for a moment after it."""

REFERENCE = re.compile(r"Reference R(\d+)\.")


def bank_leads(folder: Path, rows: int = ROWS) -> Path:
    """Write bank rows as a CRM would export leads, each with a letter of its own."""
    path = folder / "bank.csv"
    with (
        BANK.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target)
        writer.writerow(["Lead ID", "E-Mail", "Message", "age", "education", "euribor3m"])
        for row in islice(csv.DictReader(source), rows):
            letter = (
                f"Reference R{row['seq']}. I am {row['age']} years old and work as {row['job']}."
                f" We would like our lawn mown and the hedge trimmed, best in {row['month']}."
            )
            mail = f"bank-{row['seq']}@example.com"
            columns = (row["age"], row["education"], row["euribor3m"])
            writer.writerow([f"bank-{row['seq']}", mail, letter, *columns])
    return path


def reference(call: Call) -> str:
    """Return the row a call was about, by its letter."""
    found = REFERENCE.search(call.user_turn)
    assert found is not None, call.user_turn
    return f"bank-{found[1]}"


@dataclass
class Scoring:
    """``gardenos score`` in a folder, started as often as it takes."""

    folder: Path
    file: Path
    out: Path
    variables: dict[str, str]
    killed_at_unix_s: list[float] = field(default_factory=list)

    def start(self) -> subprocess.Popen[str]:
        """Start the same command as always."""
        with (self.folder / "stderr.txt").open("a", encoding="utf-8") as errors:
            return subprocess.Popen(
                [GARDENOS, "score", str(self.file), "--out", str(self.out), "--json"],
                cwd=self.folder,
                env=environment(self.variables),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill it with -9."""
        assert process.poll() is None, self.said()
        os.kill(process.pid, signal.SIGKILL)
        self.killed_at_unix_s.append(time.time())
        process.communicate()

    def finish(self) -> dict[str, Any]:
        """Run to the end and return the summary."""
        process = self.start()
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0, self.said()
        summary: dict[str, Any] = json.loads(printed)
        return summary

    def said(self) -> str:
        """Return what was said on standard error."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8")

    def was_cut(self, call: Call) -> bool:
        """Tell whether a call was in flight at a kill, or so near to one that it may have been."""
        ended_s = call.ended_unix_s
        return any(
            call.arrived_unix_s < killed_s + AT_THE_KILL_S
            and (ended_s is None or ended_s > killed_s - AT_THE_KILL_S)
            for killed_s in self.killed_at_unix_s
        )


@pytest.fixture
def folder_of_run() -> Iterator[Path]:
    """Give a folder that an embedded server's user may enter."""
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@NEEDS_BANK
@pytest.mark.slow
def test_a_run_killed_at_three_moments_gives_each_row_one_result_and_pays_once(
    folder_of_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = Random(20261123)  # noqa: S311 - which moments is all that hangs on it
    third = ROWS // KILLS
    moments = [rng.randrange(150, third) + kill * third for kill in range(KILLS)]
    with ProviderProcess("--latency-ms", "40", "--jitter-ms", "20") as provider:
        scoring = Scoring(
            folder_of_run,
            bank_leads(folder_of_run),
            folder_of_run / "scored.jsonl",
            {
                "GARDENOS_HTTP__PORT": str(free_port()),
                "GARDENOS_MODEL__BASE_URL": provider.base_url,
                "GARDENOS_MODEL__NAME": MODEL,
                "GARDENOS_MODEL__API_KEY": "a-key-of-a-test",
                "GARDENOS_AGENTS__LEAD_ANALYSIS__CONCURRENCY": str(SLOTS),
                "GARDENOS_AGENTS__FOLLOW_UP__MIN_REPLICAS": "0",
            },
        )
        for moment in moments:
            process = scoring.start()

            def reached(moment: int = moment, running: subprocess.Popen[str] = process) -> bool:
                assert running.poll() is None, scoring.said()
                return int(provider.summary()["calls"]) >= moment

            until(reached, f"{moment} calls", 180)
            scoring.kill(process)
            assert not scoring.out.exists()
        summary = scoring.finish()
        calls = provider.calls()
    results = [json.loads(line) for line in scoring.out.read_text().splitlines()]
    assert [one["lead_id"] for one in results] == [f"bank-{row}" for row in _numbers()]
    assert all("analysis" in one for one in results)
    assert summary["scored"] == ROWS
    assert (summary["rejected"], summary["failed"]) == (0, 0)
    assert summary["by_route"] == {"model": ROWS}
    assert summary["cost_nanousd"] > 0
    by_row: dict[str, list[Call]] = {}
    for call in calls:
        by_row.setdefault(reference(call), []).append(call)
    assert set(by_row) == {one["lead_id"] for one in results}
    again = {row: asked for row, asked in by_row.items() if len(asked) > 1}
    unexplained = {
        row: asked for row, asked in again.items() if not all(map(scoring.was_cut, asked[:-1]))
    }
    times = dict(Counter(len(asked) for asked in again.values()))
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this test measures
            f"\n{ROWS} rows, {len(calls)} calls, killed after {moments}; asked more than once:"
            f" {len(again)} rows, rows by calls {times}"
        )
    assert unexplained == {}
    assert sum(len(asked) - 1 for asked in again.values()) <= KILLS * 2 * SLOTS


def _numbers() -> list[str]:
    with BANK.open(encoding="utf-8", newline="") as source:
        return [row["seq"] for row in islice(csv.DictReader(source), ROWS)]


def score(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``gardenos score`` to its end."""
    return subprocess.run(
        [GARDENOS, "score", *arguments],
        cwd=folder,
        env=environment({"GARDENOS_HTTP__PORT": str(free_port())}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


CRM = (
    "Anfrage-Nr;Vorname;Nachname;E-Mail;PLZ;Fläche (m²);Budget (€);Nachricht;Kundengruppe\n"
    "a-1;Ada;König;ada@example.com;10405;350;bis 5.000;Bitte Rasen mähen, ab sofort.;7\n"
    "a-2;Bea;Klein;bea@example.com;10407;;;Hecke schneiden, 25 m;7\n"
    "a-1;Cyd;Groß;cyd@example.com;10409;;;Noch einmal dieselbe Nummer;7\n"
    "a 4;Dan;Blau;dan@example.com;10411;;;Eine Nummer mit Lücke;7\n"
)


def test_a_running_service_scores_a_file_and_the_same_command_again_pays_nothing(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "crm.csv").write_text(CRM, encoding="utf-8")
    first = score("crm.csv", "--address", application.address, "--json", folder=tmp_path)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    fields = {one["column"]: one["field"] for one in told["mapping"]}
    assert fields["Fläche (m²)"] == "area_m2"
    assert fields["Kundengruppe"] == "attributes.Kundengruppe"
    assert "Kundengruppe" in first.stderr
    assert (told["rows"], told["scored"], told["rejected"], told["resumed"]) == (4, 2, 2, 0)
    stored = application.get("/v1/leads/a-1")["lead"]
    assert stored["contact"]["full_name"] == "Ada König"
    assert stored["budget"] == {
        "amount_min": None,
        "amount_max": 5000.0,
        "currency": "EUR",
        "period": "one_off",
    }
    assert stored["attributes"] == {"Kundengruppe": 7}
    with (tmp_path / "crm.scored.csv").open(newline="", encoding="utf-8") as file:
        scored = list(csv.DictReader(file, delimiter=";"))
    assert [(row["line"], row["lead_id"]) for row in scored] == [("2", "a-1"), ("3", "a-2")]
    assert all(row["grade"] and row["next_action_text"] for row in scored)
    with (tmp_path / "crm.rejects.csv").open(newline="", encoding="utf-8") as file:
        assert [(row["line"], row["field"]) for row in csv.DictReader(file, delimiter=";")] == [
            ("4", "lead_id"),
            ("5", "lead_id"),
        ]
    tasks = len(application.get("/v1/tasks", lead_id="a-1")["items"])
    second = score("crm.csv", "--address", application.address, "--json", folder=tmp_path)
    assert json.loads(second.stdout)["resumed"] == 2
    assert len(application.get("/v1/tasks", lead_id="a-1")["items"]) == tasks
    again = score("crm.csv", "--address", application.address, "--json", "--again", folder=tmp_path)
    assert json.loads(again.stdout)["resumed"] == 0
    assert len(application.get("/v1/tasks", lead_id="a-1")["items"]) == tasks + 1


def test_a_wrong_mapping_is_mended_by_the_right_one(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "turns.csv").write_text("id,Mail,Letter\nturn-1,a@example.com,mow\n")
    right = ("turns.csv", "--address", application.address, "--json", "--map", "Letter=message")
    wrong = (*right[:-1], "Letter=contact.full_name")
    said = [score(*one, folder=tmp_path) for one in (right, wrong, right, right)]
    assert [json.loads(one.stdout)["resumed"] for one in said] == [0, 0, 0, 1]
    assert ["under another mapping" in " ".join(one.stderr.split()) for one in said] == [
        False,
        True,
        True,
        False,
    ]
    assert application.get("/v1/leads/turn-1")["lead"]["message"] == "mow"


def test_an_interrupted_run_says_that_it_can_go_on_and_leaves_no_half_file(
    application: Application, tmp_path: Path
) -> None:
    lines = [f'{{"lead_id": "int-{row}", "message": "mow {row}"}}' for row in range(20_000)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    process = subprocess.Popen(
        [GARDENOS, "score", "many.jsonl", "--address", application.address],
        cwd=tmp_path,
        env=environment({}),
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: bool(application.get("/v1/tasks", lead_id="int-0")["items"]), "rows are sent")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command again goes on" in " ".join(said.split())
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["many.jsonl"]


GUIDE = (REPOSITORY / "docs" / "how-to" / "score-a-file.md").read_text(encoding="utf-8")


def test_the_guide_does_what_it_says(application: Application, tmp_path: Path) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "leads.csv").write_text(example, encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euc", block.replace(".venv/bin/", f"{GARDENOS.parent}/")],
            cwd=tmp_path,
            env=environment({"GARDENOS_HTTP__PORT": str(application.port)}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "2 rows" in done.stderr
    with (tmp_path / "leads.scored.csv").open(newline="", encoding="utf-8") as file:
        assert [row["lead_id"] for row in csv.DictReader(file, delimiter=";")] == ["a-1", "a-2"]
