"""What becomes of a lead that comes in when one of its id may be stored already."""

from domain.errors import LeadExistsError
from domain.lead import Lead, LeadStatus


def stored_form(new: Lead, stored: Lead | None, *, replace: bool) -> Lead:
    """Return the lead to keep: the new one, or the stored one brought up to date.

    Args:
        new: The lead that came in.
        stored: The lead of that id that is stored, or None.
        replace: Whether other content may take the place of what is stored.

    Returns:
        A lead equal to ``stored`` where nothing changed.

    Raises:
        LeadExistsError: Another lead of that id is stored and ``replace`` is false.
    """
    if stored is None:
        return new
    merged = _brought_up_to_date(stored, new)
    if merged != stored and not replace:
        why = "a lead of this id is stored with other content; change it with PATCH"
        raise LeadExistsError("lead", new.lead_id, why)
    return merged


def _brought_up_to_date(stored: Lead, new: Lead) -> Lead:
    """Return ``new`` without forgetting what happened since ``stored`` came in.

    Events are united, so that an opt-out survives a form sent again; the seller's status stays
    where the new copy says nothing else; the time of the first receipt stays.
    """
    events = {(event.at, event.type.value, event.channel or ""): event for event in stored.events}
    events |= {(event.at, event.type.value, event.channel or ""): event for event in new.events}
    return new.model_copy(
        update={
            "created_at": stored.created_at,
            "status": stored.status if new.status is LeadStatus.NEW else new.status,
            "events": tuple(events[key] for key in sorted(events)),
        }
    )
