"""By which channels somebody asks not to be reached."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import JsonValue

from domain.lead import Channel
from scoring.clauses import Found, Reading
from scoring.phrases.phrase import occurrences, phrase

_CHANNEL = (
    r"(?:send(?:ing)? )?(?:me |us )?(?:any )?(?:more )?(?:e-?mail(?:s|ing)?|text(?:s|"
    r"ing)?(?: messages?)?|txts?|sms|"
    r"messag(?:es?|ing)|whats ?app(?:s|ing)?|(?:phone|ring)(?:ing)?|(?:phone )?call(?:s|ing)?|"
    r"contact(?:ing)?|"
    r"spam(?:ming)?|mail(?:ing)?)(?: me| us)?(?!(?: me| us)? (?:only|instead|rather)\b)"
)
_LIST = (
    rf"{_CHANNEL}(?:(?: ?, ?(?:or |and |nor )| or | and | nor | ?/ ?|"
    rf" ?, ?(?={_CHANNEL}(?:,| or| and| nor))){_CHANNEL}){{0,4}}"
)
_LIMITED = (
    r"(?!(?: me| us)? (?:before|after|between|until|till|unless|during|at\b|on\b|while|when|"
    r"if\b|in the|"
    r"early|late\b|from|this|today|tomorrow|too\b|the\b|my\b|our\b|your\b|him|her\b|them|it\b|"
    r"an?\b|"
    r"back|for you|to you|vor\b|nach\b|zwischen))"
)
_END = r"(?=\s*(?:$|[.,;!?)\n-]|please|pls|thanks|thx|thank|bitte|danke))"
_ANY = r"(?:phone calls?|calls?|phone|telephone|e-?mails?|texts?|sms|whats ?app|mail)"
_JEDE = r"(?:telefonisch|telefon|anrufe?|e-?mail|mail|sms|whatsapp|schriftlich)"

_IMPERATIVE = "do not call"
_NOUN = "no calls"
_REFUSALS = (
    phrase(
        _IMPERATIVE,
        "not |n't |n\u2019t |dont |never |stop |no longer |quit ",
        rf"\b(?:do not|don['\u2019]?t|never|stop|no longer|not to|quit|"
        rf"not) (?:ever )?{_LIST}\b{_LIMITED}",
    ),
    phrase(
        _NOUN,
        "no |without ",
        r"\b(?:no|without) (?:more |further |marketing |unsolicited |sales )*"
        r"(?:phone calls|calls|texts|text messages|e-?mails|sms|whatsapps?|messages)"
        r"(?:(?: or | and |, ?|/)(?:phone calls|calls|texts|e-?mails|sms|whatsapps?|"
        r"messages)){0,3}\b"
        rf"{_LIMITED}",
    ),
    phrase(
        None,
        "want|wish|like|contacted|receive|called|texted|mailed|reached",
        r"\b(?:do not|don['\u2019]?t|not|never) (?:(?:want|wish|like|care) )?(?:to )?(?:(?:be|get) "
        r"(?:contacted|reached|called|texted|e-?mailed)|(?:receive |get |"
        r"have )?(?:any )?(?:more |further |marketing )*"
        r"(?:phone calls|calls|texts|text messages|e-?mails|sms|whatsapps?|messages))"
        r"(?:(?: or | and |, ?)(?:called|texted|e-?mailed|calls|texts|e-?mails|sms|"
        r"whatsapps?)){0,3}"
        rf"(?: (?:by|via|per|through) {_ANY}(?:(?: or | and |, ?){_ANY}){{0,3}})?\b{_LIMITED}",
    ),
    phrase(
        None,
        "unsubscribe|remove|take",
        r"\b(?:unsubscribe (?:me|us)|(?:remove|take) (?:me|us) (?:off|from) (?:your |the |all )?"
        r"(?:mailing |marketing |e-?mail |contact )?lists?)\b",
    ),
    phrase(
        None,
        "nicht|nie",
        r"\b(?:nicht|nie) (?:mehr |wieder )?(?:(?:per|via|über|telefonisch) ?(?:e-?mail|mail|"
        r"sms|whatsapp|telefon)? ?"
        r"(?:(?:oder|und|,|/) ?(?:per )?(?:e-?mail|sms|whatsapp|telefon) ?)*)?"
        r"(?:anrufen|anschreiben|kontaktieren|kontaktiert werden|mailen|melden|schreiben|"
        r"angerufen werden)\b"
        rf"{_LIMITED}(?! ?,? (?:wenn|bevor|am |im |während))",
    ),
    phrase(
        None,
        "rufen sie|ruft ",
        r"\b(?:rufen sie|ruft) (?:mich |uns )?(?:bitte )?nicht (?:mehr )?an\b",
    ),
    phrase(
        None,
        "nicht mehr",
        r"\b(?:kontaktieren|schreiben|mailen|melden) sie (?:sich |mir |mich |"
        r"uns )?(?:bitte )?nicht mehr\b",
    ),
    phrase(
        _NOUN,
        "keine",
        r"\b(?:keine|keinerlei) (?:weiteren? |werbe-?)?"
        r"(?:anrufe|e-?mails|sms|whatsapps?|nachrichten|werbung|werbemails|newsletter)"
        r"(?:(?:,| oder| und|/) ?(?:keine )?(?:anrufe|e-?mails|sms|whatsapps?|nachrichten))*\b"
        r"(?! (?:erhalten|bekommen|vor\b|nach\b))",
    ),
)
_KEPT = (
    phrase(
        None,
        "only",
        rf"\b(?:{_ANY}(?:(?: or | and |/){_ANY})? only|"
        rf"only (?:by |via |per |through )?{_ANY}(?:(?: or | and |/){_ANY})?(?: me| us)?){_END}",
    ),
    phrase(
        None,
        "nur |ausschließlich ",
        rf"\b(?:nur|ausschließlich) (?:noch )?(?:per |via |über )?{_JEDE}(?: (?:oder|"
        rf"und) (?:per |via )?{_JEDE})?"
        r"(?: (?:bitte|kontaktieren|melden|antworten|anrufen))?(?=\s*(?:$|[.,;!?)\n-]|danke|"
        r"bitte))",
    ),
)
_SAID_OF_THE_PAST = re.compile(
    r"\b(?:got|get|received|had|have|has|there (?:were|was|are)|see|seen|habe|haben|bekam\w*|"
    r"erhielt\w*|"
    r"i|we|you|they|he|she|will|would|why)\s{1,3}(?:\w{1,10}\s{1,3})?$"
)
_STATEMENT = re.compile(r"\b(?:i|we|you|they|he|she|why|can|could|will|would|not)\s{1,3}$")
_TOLD = {_IMPERATIVE: _STATEMENT, _NOUN: _SAID_OF_THE_PAST}
"""What before a refusal makes it a report: \"I do not call\", \"I got no calls\"."""
_STOP = re.compile(r"[\s\W]*(?:stop|stopall|unsubscribe|abmelden|stopp|opt[ -]?out)[\s\W]*")
_BY_CHANNEL = re.compile(r"\b(?:by|via|per|through|über|telefonisch)\b")
_WRITTEN = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP)
_WORDS: tuple[tuple[re.Pattern[str], tuple[Channel, ...]], ...] = (
    (re.compile(r"contact|kontakt|melden|reached"), tuple(Channel)),
    (re.compile(r"e-?mail|\bmail|unsubscribe|\blists?\b|newsletter"), (Channel.EMAIL,)),
    (re.compile(r"text|txt|\bsms"), (Channel.SMS,)),
    (re.compile(r"messag|nachricht"), (Channel.SMS, Channel.WHATSAPP)),
    (re.compile(r"whats ?app"), (Channel.WHATSAPP,)),
    (re.compile(r"call|phone|\bring|anruf|rufen sie|ruft|angerufen|telefon"), (Channel.PHONE,)),
    (re.compile(r"anschreiben|schreiben|schriftlich|werbung|spam"), _WRITTEN),
)


def find_refusals(reading: Reading) -> list[Found]:
    """Return the channels somebody closes, each time they say so, in no order.

    "Do not email me" closes e-mail; "call only" closes everything else. A limit in time ("do not
    call before 9") closes nothing. A message that is nothing but STOP closes what is written.
    """
    if _STOP.fullmatch(reading.lower):
        return [_closing(frozenset(_WRITTEN), 0, len(reading.lower.rstrip()))]
    return [_closing(*one) for one in (*_refused(reading.lower), *_all_but_kept(reading.lower))]


def joined(refusals: Sequence[Found]) -> Found | None:
    """Return refusals as one, from the first such words to the last; None where there is none."""
    if not refusals:
        return None
    closed = frozenset(
        Channel(str(channel))
        for one in refusals
        if isinstance(one.value, list)
        for channel in one.value
    )
    start, end = min(one.start for one in refusals), max(one.end for one in refusals)
    return _closing(closed, start, end)


def _closing(channels: frozenset[Channel], start: int, end: int) -> Found:
    names: list[JsonValue] = [*sorted(channel.value for channel in channels)]
    return Found(names, start, end)


def _refused(lower: str) -> Iterator[tuple[frozenset[Channel], int, int]]:
    for sought in _REFUSALS:
        for match in occurrences(lower, sought):
            before = lower[max(0, match.start() - 24) : match.start()]
            told = _TOLD.get(str(sought.value))
            if told and told.search(before) and not re.search(r"\bwhy\s|please\s*$", before):
                continue
            channels = _named(match[0])
            if channels:
                yield channels, match.start(), match.end()


def _all_but_kept(lower: str) -> Iterator[tuple[frozenset[Channel], int, int]]:
    for sought in _KEPT:
        for match in occurrences(lower, sought):
            if re.search(r"\b(?:my|the|our|not|nicht|is)\s{1,3}$", lower[: match.start()][-12:]):
                continue
            kept = _named(match[0])
            if kept:
                yield frozenset(Channel) - kept, match.start(), match.end()


def _named(text: str) -> frozenset[Channel]:
    """Return the channels of the words; "contact by phone" means the telephone alone."""
    words = _WORDS[1:] if _BY_CHANNEL.search(text) else _WORDS
    found: Iterable[tuple[Channel, ...]] = (
        channels for pattern, channels in words if pattern.search(text)
    )
    return frozenset(channel for channels in found for channel in channels)
