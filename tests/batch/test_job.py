"""Claims about a whole run, from a file to its results, at a service of two addresses."""

import csv
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from batch.job import Order, Place, Plan, make_plan, rehearse, score
from batch.pace import Pace
from batch.preparation import Prepared
from batch.progress import Lines
from batch.rows import FileFormat
from batch.run_book import run_key
from batch.tally import Tally
from domain.errors import InvalidInputError, UnavailableError
from tests.batch.fake_service import FakeService, Faults, serving
from tests.batch.files import write, write_parquet

PACE = Pace(chunk_rows=2, rest_s=0.0, poll_s=0.1, patience_s=0.2, base_s=0.001, cap_s=0.01)
LEADS = "id,E-Mail,Message\na,a@example.com,mow\nb,b@example.com,trim\na,c@example.com,dig\n"


async def run(plan: Plan, service: FakeService) -> Tally:
    """Do what was planned."""
    place = Place(service.address, run_key(plan.survey.digest, plan.mapping_digest, 0), PACE)
    watcher = Lines(Console(quiet=True), 0.0)
    with plan.outputs() as outputs:
        return await score(plan, outputs, place=place, watcher=watcher)


def a_service(**changes: object) -> FakeService:
    """Return a fake that is not served yet."""
    return FakeService(Random(7), **changes)  # type: ignore[arg-type]  # noqa: S311


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(one.name for one in folder.iterdir())


async def test_a_file_becomes_results_and_rejects_beside_it(tmp_path: Path) -> None:
    plan = make_plan(Order(write(tmp_path, "leads.csv", LEADS)))
    async with serving(a_service()) as service:
        tally = await run(plan, service)
    assert (tally.scored, tally.rejected, tally.total) == (2, 1, 3)
    assert names_in(tmp_path) == ["leads.csv", "leads.rejects.csv", "leads.scored.csv"]
    sent = [task.lead for task in service.tasks.values()]
    assert sent == [
        {"lead_id": "a", "contact": {"email": "a@example.com"}, "message": "mow"},
        {"lead_id": "b", "contact": {"email": "b@example.com"}, "message": "trim"},
    ]


async def test_results_name_the_person_in_the_manner_of_the_file(tmp_path: Path) -> None:
    text = (
        "\ufeffid;Vorname;Nachname;E-Mail;Telefon;Land\n"
        "a;Ada;König;Ada@Example.com;030 901820;DE\n"
        "b;Bea;Klein;nobody;on demand;DE\n"
    )
    plan = make_plan(Order(write(tmp_path, "leads.csv", text)))
    async with serving(a_service()) as service:
        await run(plan, service)
    assert plan.out.read_bytes().startswith(b"\xef\xbb\xbfline;lead_id;")
    with plan.out.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(row["name"], row["phone"], row["email"]) for row in rows] == [
        ("Ada König", "+4930901820", "ada@example.com"),
        ("Bea Klein", "on demand", "nobody"),
    ]


@pytest.mark.parametrize(
    ("name", "order", "out", "rejects"),
    [
        ("a.csv", {}, "a.scored.csv", "a.rejects.csv"),
        ("a.tsv", {"out_format": FileFormat.PARQUET}, "a.scored.parquet", "a.rejects.csv"),
        ("a.jsonl", {}, "a.scored.jsonl", "a.rejects.jsonl"),
        ("a", {"out": Path("x/y.jsonl")}, "x/y.jsonl", "x/a.rejects.jsonl"),
        ("a.csv", {"rejects": Path("r.jsonl")}, "a.scored.csv", "r.jsonl"),
    ],
)
def test_places_follow_from_the_name_of_the_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    order: dict[str, Path],
    out: str,
    rejects: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name, '{"message": "mow"}\n' if "json" in name else LEADS)
    plan = make_plan(Order(Path(name), **order))  # type: ignore[arg-type]
    assert (plan.out, plan.rejects) == (Path(out), Path(rejects))


@pytest.mark.parametrize(
    ("out", "out_format", "option"),
    [
        ("o.xlsx", None, "--out"),
        ("o.json", None, "--out"),
        ("o.txt", None, "--out"),
        ("o", None, "--out"),
        ("o.parquet", FileFormat.JSONL, "--format"),
        ("o.csv", FileFormat.PARQUET, "--format"),
        ("o.NDJSON", FileFormat.CSV, "--format"),
    ],
)
def test_a_name_that_does_not_tell_the_format_is_refused(
    tmp_path: Path, out: str, out_format: FileFormat | None, option: str
) -> None:
    file = write(tmp_path, "leads.csv", LEADS)
    with pytest.raises(InvalidInputError) as refusal:
        make_plan(Order(file, out=tmp_path / out, out_format=out_format))
    assert refusal.value.field == option


@pytest.mark.parametrize(
    ("out", "out_format", "found"),
    [
        ("o.ndjson", None, FileFormat.JSONL),
        ("o.Parquet", None, FileFormat.PARQUET),
        ("o.jsonl", FileFormat.JSONL, FileFormat.JSONL),
        ("o.txt", FileFormat.CSV, FileFormat.CSV),
        ("o", FileFormat.PARQUET, FileFormat.PARQUET),
    ],
)
def test_a_name_and_a_format_go_together(
    tmp_path: Path, out: str, out_format: FileFormat | None, found: FileFormat
) -> None:
    file = write(tmp_path, "leads.csv", LEADS)
    assert make_plan(Order(file, out=tmp_path / out, out_format=out_format)).out_format is found


def test_rejects_are_csv_or_json_lines_by_their_name(tmp_path: Path) -> None:
    file = write(tmp_path, "leads.csv", LEADS)
    with pytest.raises(InvalidInputError, match="--rejects"):
        make_plan(Order(file, rejects=tmp_path / "r.xlsx"))


async def test_parquet_goes_the_same_way(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "message": ["mow", "dig"],
        "contact": [None, {"email": "x"}],
    }
    plan = make_plan(Order(write_parquet(tmp_path, "leads.parquet", columns)))
    async with serving(a_service()) as service:
        tally = await run(plan, service)
    assert tally.scored == 2
    assert plan.out.name == "leads.scored.parquet"


async def test_a_limited_run_is_part_of_the_whole_one(tmp_path: Path) -> None:
    file = write(tmp_path, "leads.csv", LEADS)
    async with serving(a_service()) as service:
        await run(make_plan(Order(file, limit=1)), service)
        tally = await run(make_plan(Order(file)), service)
    assert (tally.scored, tally.resumed) == (2, 1)
    assert service.analysed == ["a", "b"]


async def test_another_mapping_is_another_run_and_another_name_of_the_file_is_not(
    tmp_path: Path,
) -> None:
    async with serving(a_service()) as service:
        await run(make_plan(Order(write(tmp_path, "one.csv", LEADS))), service)
        moved = await run(make_plan(Order(write(tmp_path, "two.csv", LEADS))), service)
        order = Order(tmp_path / "one.csv", named=("Message=attributes.note",))
        mapped = await run(make_plan(order), service)
    assert (moved.resumed, mapped.resumed) == (2, 0)


async def test_a_file_that_changes_meanwhile_gives_no_results(tmp_path: Path) -> None:
    plan = make_plan(Order(write(tmp_path, "leads.csv", LEADS)))
    write(tmp_path, "leads.csv", LEADS + "d,d@example.com,rake\n")
    async with serving(a_service()) as service:
        with pytest.raises(InvalidInputError, match="changed while it was read"):
            await run(plan, service)
    assert names_in(tmp_path) == ["leads.csv"]


async def test_a_run_that_gave_up_goes_on_where_it_was(tmp_path: Path) -> None:
    plan = make_plan(Order(write(tmp_path, "leads.csv", LEADS)))
    async with serving(a_service()) as service:
        service.faults = Faults(away=1.0)
        with pytest.raises(UnavailableError):
            await run(plan, service)
        service.faults = Faults()
        await run(plan, service)
    with plan.out.open(newline="") as file:
        assert [row["lead_id"] for row in csv.DictReader(file)] == ["a", "b"]
    assert service.analysed == ["a", "b"]


def test_a_record_that_swallowed_rows_is_named(tmp_path: Path) -> None:
    text = 'id;E-Mail;Note\na;a@example.com;"mow\nb;b@example.com;"trim"\nc;c@example.com;dig\n'
    plan = make_plan(Order(write(tmp_path, "leads.csv", text)))
    assert (plan.total, plan.suspects) == (2, (2,))


def test_a_rehearsal_shows_the_first_rejects_with_their_reasons(tmp_path: Path) -> None:
    rows = "".join(f"a,{row}@example.com,mow\n" for row in range(10))
    tally = rehearse(make_plan(Order(write(tmp_path, "leads.csv", "id,E-Mail,Message\n" + rows))))
    assert tally.rejected == 9
    assert [(one.line, one.got) for one in tally.first_rejects] == [
        (line, "the id of line 2") for line in range(3, 8)
    ]


PLACES = (
    "id,Phone,Message,Country,City\na,030 901820,mow,,Berlin\nb,(503) 555-0123,mow,US,\nc,,mow,,\n"
)


@pytest.mark.parametrize("country", ["DE", "de", "Deutschland"])
async def test_rows_without_a_country_are_of_the_one_that_was_named(
    tmp_path: Path, country: str
) -> None:
    plan = make_plan(Order(write(tmp_path, "leads.csv", PLACES), country=country))
    async with serving(a_service()) as service:
        await run(plan, service)
    assert [task.lead.get("location") for task in service.tasks.values()] == [
        {"city": "Berlin", "country": "DE"},
        {"country": "US"},
        {"country": "DE"},
    ]
    with plan.out.open(newline="") as file:
        assert next(csv.DictReader(file))["phone"] == "+4930901820"


async def test_another_country_is_another_run(tmp_path: Path) -> None:
    file = write(tmp_path, "leads.csv", PLACES)
    countries = (None, "DE", "AT")
    plans = [make_plan(Order(file, country=country)) for country in countries]
    assert len({plan.mapping_digest for plan in plans}) == 3


def test_a_country_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--country: got 'Atlantis'"):
        make_plan(Order(write(tmp_path, "leads.csv", PLACES), country="Atlantis"))


@pytest.mark.parametrize(
    ("countries", "phone"),
    [((), "030 901820"), (("DE",), "+4930901820"), (("US", "DE"), "+4930901820")],
)
def test_phone_numbers_are_read_as_the_service_reads_them(
    tmp_path: Path, countries: tuple[str, ...], phone: str
) -> None:
    file = write(tmp_path, "leads.csv", "id,Phone\na,030 901820\n")
    plan = make_plan(Order(file, countries=lambda _place: countries))
    assert [row.person.phone for row in plan.rows() if isinstance(row, Prepared)] == [phone]
