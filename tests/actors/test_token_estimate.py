"""Estimated tokens, against counts of real tokenizers taken once by hand."""

import pytest

from actors.token_estimate import TOKENS_PER_TURN, estimate_prompt_tokens, estimate_tokens

ENGLISH = (
    "We would like a new terrace and a low hedge along the street, and the lawn needs work. "
    "Our budget is about 12,000 dollars and we hope to start in March."
)
GERMAN = (
    "Wir haben ein Einfamilienhaus mit etwa 450 Quadratmetern Garten in Potsdam und möchten die"
    " Terrasse erneuern sowie eine Hecke pflanzen lassen. Das Budget liegt bei ungefähr 12.000"
    " Euro, der Beginn wäre im März schön."
)
RUSSIAN = "Хотим обновить газон и посадить живую изгородь. Бюджет примерно пятьсот тысяч рублей."
CHINESE = "您好,我们在杭州有一个大约一百二十平方米的花园,想重新铺设草坪并种植树篱。预算大约五万元。"

# Text, tokens by DeepSeek V3's tokenizer and by gpt-4o's (o200k).
COUNTED = [(ENGLISH, 37, 37), (GERMAN, 58, 50), (RUSSIAN, 28, 26), (CHINESE, 26, 37)]


@pytest.mark.parametrize(("text", "deepseek", "o200k"), COUNTED)
def test_an_estimate_is_within_a_quarter_of_real_counts(
    text: str, deepseek: int, o200k: int
) -> None:
    assert estimate_tokens(text) == pytest.approx((deepseek + o200k) / 2, rel=0.25)


def test_nothing_has_no_tokens_and_anything_has_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1


def test_a_prompt_counts_the_delimiters_of_its_turns() -> None:
    assert estimate_prompt_tokens(["four", "four"]) == 2 * (1 + TOKENS_PER_TURN)
