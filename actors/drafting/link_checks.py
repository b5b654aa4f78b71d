"""Finds links and addresses in a draft, however they are written, that are not our own."""

import re
from collections.abc import Iterator

from actors.drafting.allowed import Allowed
from actors.drafting.plain_text import MASK, Seen

_TOP_LEVEL_NAMES = (
    "com net org info biz edu gov mil int arpa name pro mobi asia tel travel jobs cat app dev page"
    " site online shop store club xyz top live life world today space website tech blog cloud"
    " email digital agency solutions services company center group team network systems support"
    " media link click zip mov icu vip win bid loan work works review reviews fun games love art"
    " design garden land house homes green earth eco farm flowers city town place events guide tips"
    " wiki zone best plus one red blue black pink cool ninja guru expert money cash finance credit"
    " bank insurance example test invalid localhost local internal onion berlin hamburg koeln wien"
    " bayern london paris nyc tokyo swiss eu ac ad ae af ag ai al am ao aq ar as at au aw ax az ba"
    " bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu"
    " cv cw cx cy cz de dj dk dm do dz ec ee eg er es et fi fj fk fm fo fr ga gb gd ge gf gg gh gi"
    " gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp"
    " ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm"
    " mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph"
    " pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st"
    " su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg"
    " vi vn vu wf ws ye yt za zm zw"
)
_TOP_LEVEL = frozenset(_TOP_LEVEL_NAMES.split())
_SPOKEN_TOP_LEVEL = (
    r"(?:com|net|org|info|biz|example|test|io|de|at|ch|eu|uk|us|co|ru|cn|me|app|dev|xyz|top|site|"
    r"online|shop|link|click|page|store|club|garden|gardens|land|live|world|website|team|green|"
    r"eco|farm|flowers|homes|house|tv|cc|ly|gg|berlin)"
)
_FILE_ENDINGS = frozenset({"pdf", "jpg", "jpeg", "png", "doc", "docx", "xlsx", "txt"})

_MAILBOX = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,19}:)?//[^\s<>\"']{1,400}|\bwww\.[^\s<>\"']{1,400}", re.IGNORECASE
)
_SCHEME = re.compile(
    r"\b(?:h[tx]{2}ps?|ftp|javascript|vbscript|mailto|whatsapp|tg|sms|file|intent|ipfs)\s?:"
    r"(?=[^\s])[^\s<>\"']{0,200}|\bdata:[a-z]+/[^\s]{0,200}",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?P<last>[^\W\d_]{2,24}|xn--[\w-]{2,59})"
    r"(?![\w-])(?P<rest>[:/?#][^\s<>\"']{0,400})?"
)
_SPELLED = re.compile(
    rf"\b[\w-]{{2,63}}(?:\s|\s?[(\[{{<]\s?)(?:dot|punkt|d0t)(?:\s|\s?[)\]}}>]\s?){_SPOKEN_TOP_LEVEL}\b"
    r"|\b\w{2,63}dot(?:com|net|org)\b"
    r"|\b[\w-]{2,63}\s?[(\[{]\s?\.\s?[)\]}]\s?[^\W\d_]{2,24}\b"
    r"|\bwww[ ,][\w-]{2,63}"
    r"|\bh[tx]{2}ps?\b[ :/]{1,4}[\w-]{2,63}(?:[ .,]{1,2}[\w-]{2,24})?"
    r"|\b[\w-]{2,63},(?:com|net|org|info|biz|example|de|io|co\.uk)\b"
    rf"|\b[\w-]{{2,63}}[ .,]{_SPOKEN_TOP_LEVEL} (?:forward )?(?:slash|schrägstrich)\b[^\n]{{0,24}}"
    r"|\b(?:bit ?ly|tiny ?url|goo gl)\b(?! (?:bit|more))"
    rf"|\b[\w-]{{2,63}}\s\.\s?{_SPOKEN_TOP_LEVEL}\b|\b[\w-]{{2,63}}\.\s{_SPOKEN_TOP_LEVEL}(?=\s?/|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_IP_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])(?:[:/][^\s]{0,200})?")
_MARKUP_LINK = re.compile(r"\[[^\]\n]{0,200}\]\([^)\n]{0,400}\)|<a\b[^>]{0,400}>", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@./])@[A-Za-z]\w{2,}")

_FINDERS = (_MARKUP_LINK, _ADDRESS, _SCHEME, _IP_ADDRESS, _SPELLED, _HANDLE)
_END = ".,;:!?)]}'\"\u201d\u2019\u201c"


def find_links(text: str, allowed: Allowed) -> tuple[list[Seen], str]:
    """Return the links, e-mail addresses and handles that are not our own, and the rest of a text.

    A link is ours only if it is letter for letter one of the settings, with or without its scheme
    and a last slash: anything before or after it makes it another.

    Args:
        text: As :func:`actors.drafting.plain_text.readable` returns it.
        allowed: What may stand there.

    Returns:
        What was seen, and the text with every link masked.
    """
    seen: list[Seen] = []
    own = {_bare(link) for link in allowed.links}

    def judge(match: re.Match[str], kind: str) -> str:
        token = match[0].rstrip(_END)
        if not _is_own(token, own) and token.lower() not in allowed.emails:
            seen.append(Seen(kind, token))
        return MASK + match[0][len(token) :]

    text = _MAILBOX.sub(lambda match: judge(match, "foreign_email"), text)
    for finder in _FINDERS:
        text = finder.sub(lambda match: judge(match, "foreign_link"), text)
    for match in reversed(list(_domains(text))):
        text = text[: match.start()] + judge(match, "foreign_link") + text[match.end() :]
    return seen, text


def _domains(text: str) -> Iterator[re.Match[str]]:
    for match in _DOMAIN.finditer(text):
        last, rest = match["last"], match["rest"]
        if last.lower() in _FILE_ENDINGS and not rest:
            continue
        named = last.lower() in _TOP_LEVEL or last.startswith("xn--")
        lower = match[0].islower() and len(match[0].split(".")[0]) > 1
        slashed = rest is not None and rest.startswith("/")
        if named or lower or slashed:
            yield match


def _is_own(token: str, own: set[str]) -> bool:
    return _bare(token) in own


def _bare(link: str) -> str:
    """Return a link without scheme and last slash, its host in lower case."""
    rest = re.sub(r"^https?://", "", link, flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")
