"""Which earlier lead a new one repeats."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.duplicates import DUPLICATE_WINDOW, EarlierLead, contact_keys, first_of
from domain.ids import LeadId
from domain.lead import Contact, LeadStatus

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def earlier(
    name: str = "first",
    *,
    days: float = 1,
    service: str | None = "planting",
    status: LeadStatus = LeadStatus.NEW,
    duplicate_of: str | None = None,
) -> EarlierLead:
    """Return a lead of the same contact received ``days`` before NOW."""
    link = LeadId(duplicate_of) if duplicate_of else None
    return EarlierLead(LeadId(name), NOW - timedelta(days=days), status, service, link)


def test_the_oldest_matching_lead_is_the_first() -> None:
    leads = [earlier("b", days=2), earlier("a", days=5), earlier("c", days=1)]
    assert first_of(leads, service="planting", received_at=NOW) == "a"


@pytest.mark.parametrize(
    "lead",
    [
        earlier(service="tree_removal"),
        earlier(status=LeadStatus.WON),
        earlier(days=DUPLICATE_WINDOW.days + 1),
        earlier(days=-1),
        earlier(duplicate_of="other"),
    ],
)
def test_another_job_a_closed_old_later_or_linked_lead_is_not_repeated(lead: EarlierLead) -> None:
    assert first_of([lead], service="planting", received_at=NOW) is None


@pytest.mark.parametrize(("service", "other"), [(None, "planting"), ("planting", None)])
def test_a_lead_that_names_no_service_repeats_any(service: str | None, other: str | None) -> None:
    assert first_of([earlier(service=service)], service=other, received_at=NOW) == "first"


def test_contact_keys_do_not_depend_on_the_case_of_the_address() -> None:
    contact = Contact(email="dana@example.com", phone="+15035550142")
    assert contact_keys(contact) == ("email:dana@example.com", "phone:+15035550142")
    assert contact_keys(Contact(email="DANA@example.com")) == ("email:dana@example.com",)
    assert contact_keys(Contact()) == ()
