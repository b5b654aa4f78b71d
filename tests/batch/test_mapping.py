"""Claims about which column is taken for which field of a lead."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from batch.headers import SPELLINGS, normalised
from batch.mapping import (
    FIELDS,
    ColumnTarget,
    check,
    guess,
    mapping_digest,
    reaches_a_person,
    read_named,
)
from batch.rows import Column, FileFormat, Reading
from domain.errors import InvalidInputError

READING = Reading(Path("leads.csv"), FileFormat.CSV, "utf-8", ",")


def targets_of(*names: str, named: dict[str, str] | None = None) -> dict[str, str]:
    """Return field by column."""
    found = guess([Column(name) for name in names], named or {})
    return {target.column: target.field for target in found}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-Mail", "contact.email"),
        ("email", "contact.email"),
        ("Email Address", "contact.email"),
        ("E-Mail-Adresse", "contact.email"),
        ("Ihre E-Mail", "contact.email"),
        ("contact_email", "contact.email"),
        ("contact.email", "contact.email"),
        ("Phone number", "contact.phone"),
        ("phone_number", "contact.phone"),
        ("PhoneNumber", "contact.phone"),
        ("Telefon", "contact.phone"),
        ("Telefon-Nr.", "contact.phone"),
        ("Mobile Phone", "contact.phone"),
        ("Handynummer", "contact.phone"),
        ("Full Name", "contact.full_name"),
        ("full_name", "contact.full_name"),
        ("Kundenname", "contact.full_name"),
        ("Vollständiger Name", "contact.full_name"),
        ("First name", "contact.first_name"),
        ("Vorname", "contact.first_name"),
        ("Last Name", "contact.last_name"),
        ("NACHNAME", "contact.last_name"),
        ("Nachricht", "message"),
        ("Ihre Nachricht", "message"),
        ("Message", "message"),
        ("Enquiry text", "message"),
        ("Anfrage", "message"),
        ("Bemerkungen", "message"),
        ("Comments", "message"),
        ("PLZ", "location.postal_code"),
        ("Postleitzahl", "location.postal_code"),
        ("zip", "location.postal_code"),
        ("Zip Code", "location.postal_code"),
        ("Ort", "location.city"),
        ("City", "location.city"),
        ("Bundesland", "location.region"),
        ("State/Region", "location.region"),
        ("Land", "location.country"),
        ("Country Code", "location.country"),
        ("Fläche (m²)", "area_m2"),
        ("Gartenfläche in qm", "area_m2"),
        ("Area", "area_m2"),
        ("Garden size [sqm]", "area_m2"),
        ("Area (sq ft)", "area_ft2"),
        ("Square Feet", "area_ft2"),
        ("Budget", "budget"),
        ("Budget (€)", "budget"),
        ("Budget__c", "budget"),
        ("Budget max", "budget.amount_max"),
        ("Max. Budget", "budget.amount_max"),
        ("Budget bis (EUR)", "budget.amount_max"),
        ("Mindestbudget", "budget.amount_min"),
        ("Währung", "budget.currency"),
        ("created", "created_at"),
        ("Created At", "created_at"),
        ("created_time", "created_at"),
        ("Eingangsdatum", "created_at"),
        ("lead source", "source"),
        ("LeadSource", "source"),
        ("Quelle", "source"),
        ("How did you hear about us?", "source"),
        ("Lead ID", "lead_id"),
        ("Lead Number", "lead_id"),
        ("Record ID", "lead_id"),
        ("id", "lead_id"),
        ("Campaign Name", "campaign"),
        ("Sprache", "locale"),
        ("Leistung", "service"),
        ("Service requested", "service"),
        ("Gewünschter Beginn", "timeline"),
        ("Timeframe", "timeline"),
        ("Objektart", "property_type"),
        ("Eigentümer oder Mieter", "decision_role"),
        ("Do Not Email", "refusal.email"),
        ("DoNotCall", "refusal.phone"),
        ("Has Opted Out of Email", "refusal.email"),
        ("Lead Status", "status"),
        ("Preferred contact method", "contact.preferred_channel"),
        ("Breitengrad", "location.lat"),
        ("external_ids.crm", "external_ids.crm"),
        ("attributes.age", "attributes.age"),
        ("favourite colour", "attributes.favourite colour"),
        ("emp.var.rate", "attributes.emp.var.rate"),
    ],
)
def test_a_header_is_understood(header: str, field: str) -> None:
    assert targets_of(header)[header] == field


def test_no_spelling_stands_for_two_fields_and_each_is_normalised() -> None:
    every = [one for spellings in SPELLINGS.values() for one in spellings]
    assert [one for one, count in Counter(every).items() if count > 1] == []
    assert [one for one in every if normalised(one) != one] == []


@pytest.mark.parametrize(
    ("columns", "field", "chosen"),
    [
        (("notes", "message"), "message", "message"),
        (("Telefon", "Phone number"), "contact.phone", "Phone number"),
        (("Contact Mail", "Email"), "contact.email", "Email"),
        (("id", "Lead ID"), "lead_id", "Lead ID"),
    ],
)
def test_of_two_columns_for_one_field_the_better_known_name_wins(
    columns: tuple[str, str], field: str, chosen: str
) -> None:
    found = targets_of(*columns)
    (other,) = set(columns) - {chosen}
    assert found[chosen] == field
    assert found[other] == f"attributes.{other}"


def test_what_the_user_says_goes_before_every_guess() -> None:
    found = targets_of("Message", "Notes", "Mail", named={"Notes": "message", "Mail": "-"})
    assert found == {"Message": "attributes.Message", "Notes": "message", "Mail": "-"}


def test_objects_of_json_pass_under_their_own_name_and_others_become_attributes() -> None:
    columns = [Column("contact", nested=True), Column("email", nested=True)]
    assert [one.field for one in guess(columns, {})] == ["contact", "attributes.email"]
    assert targets_of("contact") == {"contact": "attributes.contact"}


def test_the_currency_of_a_header_goes_along() -> None:
    (target,) = guess([Column("Budget max (CHF)")], {})
    assert target == ColumnTarget("Budget max (CHF)", "budget.amount_max", currency="CHF")


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("Mail", "column=field"),
        ("=message", "column=field"),
        ("Mial=contact.email", "Mail (is it that?)"),
        ("Mail=contact.emial", "contact.email (is it that?)"),
        ("Mail=colour", "lead_id"),
        ("Mail=attributes.", "attributes.NAME"),
    ],
)
def test_a_wrong_map_option_names_what_is_allowed(pair: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        read_named([pair], [Column("Mail"), Column("Name")])
    assert refusal.value.field == "--map"
    assert told in str(refusal.value)


def test_two_columns_may_be_joined_in_the_message_and_nowhere_else() -> None:
    columns = [Column("a"), Column("b=c"), Column("d")]
    named = read_named(["a=message", "b=c=message", "d=-"], columns)
    assert named == {"a": "message", "b=c": "message", "d": "-"}
    with pytest.raises(InvalidInputError, match="twice"):
        read_named(["a=service", "d=service"], columns)


def test_every_field_may_be_named() -> None:
    for field in FIELDS:
        assert read_named([f"a={field}"], [Column("a")]) == {"a": field}


def test_a_file_that_says_nothing_of_a_lead_is_refused_with_its_columns() -> None:
    targets = guess([Column("id"), Column("created")], {})
    with pytest.raises(InvalidInputError, match=r"only the columns id, created.*--map"):
        check(targets, "leads.csv")


def test_more_attributes_than_a_lead_takes_are_refused_before_the_start() -> None:
    targets = guess([Column(f"x{number}") for number in range(300)], {})
    with pytest.raises(InvalidInputError, match="300 columns"):
        check(targets, "leads.csv")


@pytest.mark.parametrize(("header", "reaches"), [("Phone", True), ("Name", False)])
def test_it_is_known_whether_anybody_can_be_reached(header: str, *, reaches: bool) -> None:
    assert reaches_a_person(guess([Column(header)], {})) is reaches


def test_the_digest_changes_with_whatever_changes_the_leads() -> None:
    columns = [Column("Mail"), Column("Note")]
    first = mapping_digest(READING, guess(columns, {}))
    assert first == mapping_digest(READING, guess(columns, {"Mail": "contact.email"}))
    assert first != mapping_digest(READING, guess(columns, {"Mail": "-"}))
    assert first != mapping_digest(replace(READING, encoding="cp1252"), guess(columns, {}))
