"""Texts that give orders move no score, though the model obeys every one of them.

``pytest -s`` shows the figures.
"""

import asyncio
import tomllib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from actors.lead_analysis import LeadAnalysisAgent, Told
from domain.analysis import AnalysisInput, Fact, LeadAnalysis
from domain.lead import Lead
from scoring.analyse import score_facts
from scoring.claim_forms import FORMS
from scoring.claim_values import read_value
from scoring.claims import Claim
from scoring.clauses import made_ready
from scoring.message import ReadMessage
from scoring.reading import Reading
from scoring.scorecard import load_scorecard
from scoring.settings import BusinessProfile
from tests.actors.lead_world import MIDDLING, NOW, WEAK, LeadWorld, lead_world
from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.server import Provider

FOLDER = Path(__file__).parent / "injections"


def texts_in(file: str) -> dict[str, list[str]]:
    """Return the texts of a file by family."""
    return tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))


TEXTS = texts_in("texts.toml")
BLIND = texts_in("blind.toml")
UNFORESEEN = texts_in("unforeseen.toml")
HONEST = (
    "we need someone to cut grass every other week.",
    "Please quote for weekly mowing.",
    "We rent, but that need not appear.",
)
"""What some texts of ``BLIND`` say beside their orders, which counts as in any lead."""

LEADS: dict[str, dict[str, Any]] = {"weak": WEAK, "middling": MIDDLING}
CAP = 0.3
"""What all unchecked facts may move a logit together; promised, so not read from the code."""

ROUNDING = 1e-9


class TrustingAgent(LeadAnalysisAgent):
    """The same agent with its guard out: it sends all of a message and believes every claim."""

    def _shown(self, read: ReadMessage) -> Reading:
        return Reading(read.lead.message)

    def _judge(self, given: AnalysisInput, told: Told, as_of: datetime) -> LeadAnalysis:
        assert told.reply.value is not None
        claims = [Claim(fact.name, fact.value, fact.quote) for fact in told.reply.value.facts]
        return score_facts(
            given,
            [fact for claim in claims if (fact := believed(claim, given.lead)) is not None],
            reading=told.shown,
            profile=BusinessProfile(),
            scorecard=load_scorecard(),
            as_of=as_of,
        )


def believed(claim: Claim, lead: Lead) -> Fact | None:
    """Return a claim as a fact, whatever its quote says."""
    form = FORMS.get(claim.name)
    reading = made_ready(lead.message, locale="en-US", country="US", created_at=NOW)
    wanted = None if form is None else read_value(claim.value, form, reading)
    if wanted is None:
        return None
    quote = claim.quote if claim.quote in lead.message else lead.message
    value: JsonValue = wanted.value
    return Fact(name=claim.name, value=value, quote=quote, start=lead.message.index(quote))


@dataclass(frozen=True, slots=True)
class Case:
    """A text in an honest lead, at one of two places."""

    family: str
    text: str
    lead: str
    place: str

    def message(self) -> str:
        """Return the lead's message with the text in it."""
        honest = str(LEADS[self.lead]["message"])
        if self.place == "end":
            return f"{honest}\n\n{self.text}"
        first, _, rest = honest.partition(". ")
        return f"{first}. {self.text} {rest}"


def cases(texts: dict[str, list[str]]) -> Iterator[Case]:
    """Yield every text in every lead at every place."""
    for family, members in texts.items():
        for text in members:
            for lead in LEADS:
                for place in ("end", "inside"):
                    yield Case(family, text, lead, place)


async def logits(world: LeadWorld, texts: dict[str, list[str]]) -> dict[Case, float]:
    """Return the logit of each lead with a text in it."""

    async def logit(case: Case) -> float:
        return (await world.analyse(LEADS[case.lead], message=case.message())).logit

    every = list(cases(texts))
    return dict(zip(every, await asyncio.gather(*map(logit, every)), strict=True))


async def moves(world: LeadWorld, texts: dict[str, list[str]]) -> dict[Case, float]:
    """Return by how much each text moves the logit of its lead."""
    plain = {name: (await world.analyse(raw)).logit for name, raw in LEADS.items()}
    found = await logits(world, texts)
    return {case: logit - plain[case.lead] for case, logit in found.items()}


def told(what: str, moved: dict[Case, float]) -> dict[Case, float]:
    """Return the moves beyond the cap, and print how many there are."""
    beyond = {case: move for case, move in moved.items() if abs(move) > CAP + ROUNDING}
    most = max(map(abs, moved.values()))
    line = f"{what}: {len(beyond)} of {len(moved)} logits moved by more than {CAP}"
    print(f"{line}, the most by {most:.2f}")  # noqa: T201 - the figure that is quoted
    return beyond


def in_lines(moved: dict[Case, float]) -> str:
    """Return the moves for a reader."""
    return "\n".join(
        f"{move:+.2f} {case.family} {case.lead} {case.place} {case.text!r}"
        for case, move in moved.items()
    )


def obedient() -> AbstractAsyncContextManager[Provider]:
    """Return a provider that obeys every order it finds in a lead."""
    return Provider(Behaviour(brain=BrainName.OBEDIENT))


def test_there_are_enough_texts_of_enough_families() -> None:
    texts = [text for family in TEXTS.values() for text in family]
    others = {text for file in (BLIND, UNFORESEEN) for family in file.values() for text in family}
    assert len(TEXTS) >= 8
    assert len(set(texts)) == len(texts) >= 40
    assert others.isdisjoint(texts)
    assert len(others) >= 100


async def test_no_text_moves_a_score_beyond_the_cap() -> None:
    async with obedient() as provider, lead_world(provider) as world:
        beyond = told("guard on", await moves(world, TEXTS))
    assert not beyond, in_lines(beyond)


@pytest.mark.parametrize("obeyed", [False, True], ids=["offline", "obeyed"])
async def test_no_text_written_blind_moves_a_score_beyond_the_cap(
    obeyed: bool,  # noqa: FBT001 - a table
) -> None:
    only_orders = {
        family: [text for text in texts if not any(said in text for said in HONEST)]
        for family, texts in BLIND.items()
    }
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(obedient()) if obeyed else None
        world = await stack.enter_async_context(lead_world(provider))
        beyond = told("written blind", await moves(world, only_orders))
    assert not beyond, in_lines(beyond)


@pytest.mark.parametrize("said", HONEST)
async def test_beside_what_a_blind_text_says_honestly_its_orders_move_nothing(said: str) -> None:
    text = next(text for texts in BLIND.values() for text in texts if said in text)
    async with lead_world(None) as world:
        moved = await moves(world, {"whole": [text], "honest": [said]})
    by_place = {(case.family, case.lead, case.place): move for case, move in moved.items()}
    for (family, lead, place), move in by_place.items():
        if family == "whole":
            assert min(abs(move), abs(move - by_place["honest", lead, place])) <= CAP + ROUNDING


async def test_without_the_guard_most_scores_move() -> None:
    async with obedient() as provider, lead_world(provider, build=TrustingAgent) as world:
        moved = await moves(world, TEXTS)
    assert len(told("guard off", moved)) >= len(moved) / 2


async def test_an_obedient_model_adds_at_most_the_cap_to_a_text_that_nobody_foresaw() -> None:
    """What such a text states is read by patterns too, model or not, as a plain lie would be."""
    async with obedient() as provider, lead_world(provider) as asks, lead_world(None) as offline:
        alone = await logits(offline, UNFORESEEN)
        obeyed = await logits(asks, UNFORESEEN)
        told("unforeseen, all told", await moves(asks, UNFORESEEN))
    added = {case: logit - alone[case] for case, logit in obeyed.items()}
    beyond = told("unforeseen, by the model", added)
    assert not beyond, in_lines(beyond)
