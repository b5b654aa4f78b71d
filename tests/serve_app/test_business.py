"""Claims about the business: the guide's file is one, and the example is never hidden."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.settings import WritingSettings
from domain.analysis import AnalysisInput, LeadAnalysis
from domain.intake import read_lead
from scoring.analyse import analyse
from scoring.scorecard import load_scorecard
from scoring.settings import BusinessProfile
from serve_app.business import EXAMPLE_ADDRESS, EXAMPLE_NAME, GUIDE, business_line, shows_example
from serve_app.settings import Settings, load_settings

REPOSITORY = Path(__file__).parents[2]
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings that the guide's file gives."""
    guide = (REPOSITORY / GUIDE).read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "business.yaml").write_text(block, encoding="utf-8")
    monkeypatch.setenv("GARDENOS_SETTINGS_FILE", str(tmp_path / "business.yaml"))
    return load_settings()


def analysed(settings: Settings, postal_code: str) -> LeadAnalysis:
    """Score a lead for a business."""
    raw = {
        "message": "Wir sind Eigentümer und möchten 60 m² pflastern lassen, Budget 9.000 Euro.",
        "service": "paving",
        "contact": {"full_name": "Kim Lee", "phone": "+494012345679"},
        "location": {"postal_code": postal_code, "country": "DE"},
    }
    lead = read_lead(raw, received_at=MONDAY, new_lead_id="a-1")
    profile = settings.scoring.profile
    given = AnalysisInput(lead=lead)
    return analyse(given, profile=profile, scorecard=load_scorecard(), as_of=MONDAY)


def test_the_guides_file_describes_every_field_that_is_the_owners(described: Settings) -> None:
    owned = set(BusinessProfile.model_fields) | {"sender_name", "postal_address", "phone", "links"}
    profile, writing = described.scoring.profile, described.writing
    assert owned == profile.model_fields_set | (writing.model_fields_set & owned)
    assert profile.name in writing.postal_address


def test_the_guides_business_works_in_hamburg_and_not_in_berlin(described: Settings) -> None:
    here, there = analysed(described, "22765"), analysed(described, "10115")
    assert here.score > there.score
    assert [gate.gate.value for gate in here.gates] == []
    assert [gate.gate.value for gate in there.gates] == ["out_of_area"]


@pytest.mark.parametrize(
    ("name", "address", "told"),
    [
        (EXAMPLE_NAME, EXAMPLE_ADDRESS, f"the example; describe yours: {GUIDE}"),
        ("Elbgrün", EXAMPLE_ADDRESS, "the example's postal address"),
        ("Elbgrün", "Musterweg 5", "business: Elbgrün"),
    ],
)
def test_a_business_that_nobody_described_is_called_the_example(
    name: str, address: str, told: str
) -> None:
    assert told in business_line(name, address)


def test_a_draft_for_the_example_is_known_by_its_signature() -> None:
    assert shows_example(f"Kind regards\n{WritingSettings().postal_address}")
    assert not shows_example("Kind regards\nElbgrün Gartenbau")
