"""A sign of what a message is, with its weight, and words about gardens that speak against."""

from dataclasses import dataclass

from scoring.phrases.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Signal:
    """One independent sign.

    Attributes:
        name: What it is, in words; goes into the evidence.
        weight: What it adds; below 0 it speaks for a true enquiry.
        phrases: Any of them shows it.
    """

    name: str
    weight: int
    phrases: tuple[Phrase, ...]


def signal(name: str, weight: int, *phrases: Phrase) -> Signal:
    """Return a signal shown by any of the phrases."""
    return Signal(name, weight, phrases)


GARDEN_WORDS = (
    r"\b(?:(?:back|front|court)?yards?|gardens?|gardening|lawns?|hedges?|trees?|shrubs?|"
    r"bush(?:es)?|plants?|"
    r"planting|mow(?:ing|ed)?|patios?|decking|fences?|fencing|irrigation|sprinklers?|"
    r"landscap\w{1,5}|turf|sod|"
    r"mulch\w{0,3}|weeds?|weeding|pruning|flower ?beds?|borders|pond|retaining wall|driveway|"
    r"leaves|grass|"
    r"garten\w{0,12}|gärten|rasen\w{0,10}|hecken?\w{0,9}|bäume?|obstbäume?|baum\w{0,10}|beete?|"
    r"pflanz\w{1,8}|"
    r"sträucher|terrassen?\w{0,8}|zaun\w{0,5}|teich|bewässerung\w{0,7}|unkraut|laub|"
    r"grünfläche\w{0,2}|hof|rollrasen|"
    r"pflaster\w{0,8}|winterdienst)\b"
)
GARDEN_ANCHORS = (
    "yard|garden|lawn|hedge|tree|shrub|bush|plant|mow|patio|deck|fenc|irrigation|sprinkler|"
    "landscap|turf|"
    "sod|mulch|weed|prun|flower|border|pond|retaining|driveway|leaves|grass|garten|gärten|rasen|"
    "hecke|bäum|"
    "baum|beet|pflanz|sträuch|terrasse|zaun|teich|bewässer|unkraut|laub|grünfl|hof|pflaster|"
    "winterdienst"
)
"""Pieces one of which occurs in every garden word."""
