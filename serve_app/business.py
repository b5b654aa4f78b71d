"""Which business the service works for, and whether that is still the example."""

from actors.settings import WritingSettings
from scoring.settings import BusinessProfile

GUIDE = "docs/how-to/describe-your-business.md"

EXAMPLE_NAME = BusinessProfile().name
EXAMPLE_ADDRESS = WritingSettings().postal_address


def business_line(name: str, postal_address: str) -> str:
    """Return the business as one line; where its name or address is the example's, it says so."""
    if name == EXAMPLE_NAME:
        return f"business: {name} (the example; describe yours: {GUIDE})"
    if postal_address == EXAMPLE_ADDRESS:
        return f"business: {name}, but e-mails bear the example's postal address (see {GUIDE})"
    return f"business: {name}"


def shows_example(text: str) -> bool:
    """Tell whether a draft bears the name of the example, whose customer nobody is."""
    return EXAMPLE_NAME in text
