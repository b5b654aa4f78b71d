"""What a newcomer types first: the demo scores the samples, explains them and leaves nothing."""

import contextlib
import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.application import GARDENOS, Application, environment, free_port, until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def demo(folder: Path) -> dict[str, Any]:
    """Run the demo once; return what it printed and which of its processes stayed."""
    with (
        (folder / "stdout.json").open("w+") as output,
        (folder / "stderr.txt").open("w+") as errors,
    ):
        process = subprocess.Popen(
            [GARDENOS, "demo", "--once", "--json", "--port", str(free_port())],
            cwd=folder,
            env=environment({}),
            stdout=output,
            stderr=errors,
        )
        started: set[psutil.Process] = set()

        def ended() -> bool:
            with contextlib.suppress(psutil.Error):
                started.update(psutil.Process(process.pid).children(recursive=True))
            return process.poll() is not None

        until(ended, "the demo ends", 120)
        output.seek(0)
        errors.seek(0)
        assert process.returncode == 0, errors.read()
        printed: dict[str, Any] = json.load(output)
    _, left = psutil.wait_procs(started, timeout=10)
    return {**printed, "started": len(started), "left": [str(process) for process in left]}


def test_it_scores_and_explains_every_sample(demo: dict[str, Any]) -> None:
    analyses = {one["lead"]["lead_id"]: one["analysis"] for one in demo["leads"]}
    assert len(analyses) == 12
    for analysis in analyses.values():
        total = sum(reason["contribution"] for reason in analysis["reasons"])
        assert total == pytest.approx(analysis["logit"], abs=1e-9)
        assert analysis["next_best_action"]["text"]


@pytest.mark.parametrize(
    ("lead_id", "grades", "qualification", "reason"),
    [
        ("demo-01", "A", "qualified", None),
        ("demo-02", "AB", "qualified", None),
        ("demo-03", "C", None, None),
        ("demo-04", "D", "disqualified", "UNCONTACTABLE"),
        ("demo-06", "B", None, None),
        ("demo-07", "D", "disqualified", "SOLICITATION"),
        ("demo-08", "D", "disqualified", "SPAM"),
        ("demo-09", "D", "disqualified", "GEO_MISMATCH"),
        ("demo-10", "AB", None, None),
        ("demo-11", "A", None, None),
    ],
)
def test_a_sample_gets_the_grade_a_person_would_give(
    demo: dict[str, Any], lead_id: str, grades: str, qualification: str | None, reason: str | None
) -> None:
    (analysis,) = [o["analysis"] for o in demo["leads"] if o["lead"]["lead_id"] == lead_id]
    assert analysis["grade"] in grades
    assert qualification in (None, analysis["qualification"])
    assert analysis["disqualification_reason"] == reason


def test_the_duplicate_is_linked_and_carries_the_first_leads_grade(demo: dict[str, Any]) -> None:
    analyses = {one["lead"]["lead_id"]: one["analysis"] for one in demo["leads"]}
    duplicate = analyses["demo-12"]
    assert duplicate["duplicate_of"] == "demo-01"
    assert duplicate["grade"] == analyses["demo-01"]["grade"]
    assert {"budget_range_inverted", "area_negative", "timeline_unknown"} <= set(duplicate["flags"])
    assert duplicate["open_channels"] == ["phone"]


def test_it_drafts_a_reply_to_the_best_lead_that_waits_for_a_person(demo: dict[str, Any]) -> None:
    draft = demo["follow_up"]["draft"]
    assert demo["follow_up"]["state"] == "awaiting_approval"
    assert draft["lead_id"] == "demo-01"
    assert draft["body"]
    assert [one for one in draft["findings"] if one["severity"] == "blocking"] == []


def test_it_leaves_no_process_behind(demo: dict[str, Any]) -> None:
    assert demo["started"] > 5
    assert demo["left"] == []


def test_no_other_user_can_enter_the_folder_of_a_running_service(application: Application) -> None:
    opened = application.run_folders()
    assert opened
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in opened} == {0o700}
