"""When two leads are the same person asking for the same job."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ids import LeadId
from domain.lead import OPEN_STATUSES, Contact, LeadStatus

DUPLICATE_WINDOW = timedelta(days=90)
"""Apart by more than this, two enquiries are two leads."""


@dataclass(frozen=True, slots=True)
class EarlierLead:
    """A lead with the same contact that was received before."""

    lead_id: LeadId
    received_at: datetime
    status: LeadStatus
    service: str | None
    duplicate_of: LeadId | None


def contact_keys(contact: Contact) -> tuple[str, ...]:
    """Return what identifies a person, sorted: normalised e-mail and phone, each with its kind."""
    keys = []
    if contact.email:
        keys.append("email:" + contact.email.casefold())
    if contact.phone:
        keys.append("phone:" + contact.phone)
    return tuple(keys)


def first_of(
    earlier: Iterable[EarlierLead], *, service: str | None, received_at: datetime
) -> LeadId | None:
    """Return the oldest open lead that a new one repeats, or None.

    A lead repeats an earlier one of the same contact, received within :data:`DUPLICATE_WINDOW`
    before it and still open, where both name the same service or one names none. Links point at
    first leads only, never at another duplicate.
    """
    matches = [
        lead
        for lead in earlier
        if lead.duplicate_of is None
        and lead.status in OPEN_STATUSES
        and timedelta(0) <= received_at - lead.received_at <= DUPLICATE_WINDOW
        and (lead.service is None or service is None or lead.service == service)
    ]
    return (
        min(matches, key=lambda lead: (lead.received_at, lead.lead_id)).lead_id if matches else None
    )
