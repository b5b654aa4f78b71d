"""How many tokens a text has, roughly, where the provider does not say.

The rule counts characters by script: four of ASCII make a token, an accented Latin letter is most
of one, one and a half of the East Asian scripts make one, and so do two and a half of any other.
Against the tokenizers of DeepSeek V3 and of gpt-4o (o200k) it was between 15 % below and 22 % above
for English, German, French and Spanish prose and for JSON of leads, and within 40 % for Turkish,
Russian, Arabic, Hindi, Chinese and Japanese. Rows of the ledger made from it are marked estimated.
"""

import re
from collections.abc import Iterable

_ACCENTED_LATIN = re.compile("[\u0080-\u024f]")
_EAST_ASIAN = re.compile("[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_OTHER = re.compile("[^\u0000-\u024f\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")

ASCII_CHARS_PER_TOKEN = 4.0
ACCENTED_CHARS_PER_TOKEN = 1.1
EAST_ASIAN_CHARS_PER_TOKEN = 1.4
OTHER_CHARS_PER_TOKEN = 2.5

TOKENS_PER_TURN = 4
"""A chat's turn costs its role and its delimiters too."""


def estimate_tokens(text: str) -> int:
    """Return the tokens of a text by the rule above; at least 1 where there is any text."""
    accented = len(_ACCENTED_LATIN.findall(text))
    east_asian = len(_EAST_ASIAN.findall(text))
    other = len(_OTHER.findall(text))
    tokens = (
        (len(text) - accented - east_asian - other) / ASCII_CHARS_PER_TOKEN
        + accented / ACCENTED_CHARS_PER_TOKEN
        + east_asian / EAST_ASIAN_CHARS_PER_TOKEN
        + other / OTHER_CHARS_PER_TOKEN
    )
    return round(tokens) or bool(text)


def estimate_prompt_tokens(turns: Iterable[str]) -> int:
    """Return the tokens of a prompt of several turns, their delimiters included."""
    return sum(estimate_tokens(turn) + TOKENS_PER_TURN for turn in turns)
