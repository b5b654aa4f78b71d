"""What ``gardenos score`` tells: the mapping before it starts, the summary when it is done."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch.job import Plan
from batch.mapping import IGNORED, reaches_a_person
from batch.progress import duration
from batch.tally import Tally, rows_in_words
from domain.money import dollars

FAULTS_SHOWN = 5


def show_mapping(console: Console, plan: Plan) -> None:
    """Print which column is taken for which field, and what is wrong with that."""
    table = Table(title=f"{plan.order.file}: {rows_in_words(plan.total)}", title_justify="left")
    table.add_column("Column", overflow="fold")
    table.add_column("Field of the lead", overflow="fold")
    for target in plan.targets:
        field = "left out" if target.field == IGNORED else target.field
        note = "" if target.guessed else " (as you said)"
        table.add_row(Text(target.column), Text(field + note))
    console.print(table)
    for line in plan.suspects:
        console.print(
            f"Line {line}: a cell holds lines that look like rows of their own. Is a quote missing"
            " there? They are taken for text of that one lead.",
            soft_wrap=True,
        )
    if not reaches_a_person(plan.targets):
        console.print(
            "No column is an e-mail address or a phone number, so nobody can be called:"
            " say which one is with --map COLUMN=contact.email.",
            soft_wrap=True,
        )


@contextmanager
def show_starting(console: Console, clock: Callable[[], float]) -> Iterator[None]:
    """Show that a service is starting: something that turns on a terminal, else a line.

    Args:
        console: Where to show it.
        clock: Seconds that only grow.
    """
    told = "Starting Postgres, Ray and the agents for this run; this takes about 20 s …"
    began_s = clock()
    if console.is_terminal:
        with console.status(told):
            yield
    else:
        console.print(told, soft_wrap=True)
        yield
    console.print(f"Started in {duration(clock() - began_s)}.")


def document(plan: Plan, tally: Tally, seconds: float, **more: Any) -> dict[str, Any]:
    """Return the summary as one JSON document."""
    return {**plan.document(), **tally.summary(seconds), **more}


def show_rehearsal(console: Console, plan: Plan, tally: Tally) -> None:
    """Print what a run would do."""
    leads = plan.total - tally.rejected
    console.print(
        f"{rows_in_words(leads)} would be sent, {tally.rejected:,} rejected. Nothing was sent."
    )
    _show_faults(console, tally)
    for one in tally.first_rejects:
        told = f"  line {one.line}, {one.field}: got {one.got}; allowed: {one.allowed}"
        console.print(Text(told), soft_wrap=True)
    if tally.rejected > len(tally.first_rejects) > 0:
        console.print("  …")


def show_summary(console: Console, plan: Plan, tally: Tally, seconds: float) -> None:
    """Print what became of the rows and where it lies."""
    rate = tally.done / seconds if seconds > 0 else 0.0
    console.print(
        f"{tally.scored:,} of {rows_in_words(tally.total)} scored in {duration(seconds)}"
        f" ({rate:,.0f} rows/s), cost {dollars(tally.cost_nanousd)}."
    )
    console.print(f"Grades {_counts(tally.by_grade)}; by route {_counts(tally.by_route)}.")
    if tally.unpriced:
        told = rows_in_words(tally.unpriced)
        console.print(f"{told} asked a model of unknown price, which is missing in the cost.")
    if tally.resumed:
        console.print(
            f"{rows_in_words(tally.resumed)} sent by an earlier run already and not paid again;"
            " --again analyses anew.",
            soft_wrap=True,
        )
    if tally.failed:
        console.print(f"{rows_in_words(tally.failed)} failed; the same command again tries anew.")
    if tally.rejected:
        console.print(f"{rows_in_words(tally.rejected)} rejected: {plan.rejects}", soft_wrap=True)
        _show_faults(console, tally)
    console.print(f"Results: {plan.out}", soft_wrap=True)


def _show_faults(console: Console, tally: Tally) -> None:
    shown = tally.by_fault.most_common(FAULTS_SHOWN)
    for field, count in shown:
        console.print(f"  {count:,} by {field}", highlight=False)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"
