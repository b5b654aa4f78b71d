"""Money as people read it."""

from decimal import ROUND_HALF_UP, Decimal

from domain.usage import NANOUSD_PER_USD

CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")


def dollars(nanousd: int | None) -> str:
    """Return nano-dollars as dollars: to the cent from one dollar on, to a millionth below."""
    if nanousd is None:
        return "unknown"
    amount = Decimal(nanousd) / NANOUSD_PER_USD
    step = CENT if abs(amount) >= 1 else MILLIONTH
    return f"${amount.quantize(step, ROUND_HALF_UP):,}" if nanousd else "$0"
