"""What sentences look like that speak to a machine, as patterns over classes of words.

A sentence is a string with one letter for each word, mark and number; the letters are those of
:mod:`scoring.phrases.machine_words`, with ``n`` for a number, ``_`` for a name as programs write
it, ``l`` for a customer called a lead, and the marks ``, : = " ( [ * # -`` for themselves.
"""

import re
from dataclasses import dataclass

NEEDS_SUPPORT = 2
MOST_SUPPORT = 2
ENOUGH = 4
"""A sentence whose signals weigh as much speaks to the machine."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A shape of sentence and what it weighs; a sign counts once in a sentence.

    Attributes:
        needs: Letters of which each must occur; a quick look before the pattern.
    """

    name: str
    weight: int
    needs: frozenset[str]
    pattern: re.Pattern[str]


def _sign(name: str, weight: int, needs: str, pattern: str) -> Sign:
    return Sign(
        name, weight, frozenset(needs), re.compile(pattern.replace("V", "VY1").replace("%", "V"))
    )


_START = r"(?:^|(?<=[,:p(\"*\[#-]))"
"""Where an imperative stands: first in a clause, or after please, then, and."""

_ORDER_THEN_FACTS = (
    r"^[^ihCq]*[VXB1DwyoKPERJWe][^ihCq]*[,:d](?:[^ihCq]{0,2}O.{0,2}[,p][^ihCq]{0,2}[nUF]|"
    r"F?n.{0,2}[,p]r?.?[OU].{0,2}[,p]?[^ihCq]{0,3}[OU]|F?n.{0,2}[,p]r?O)[^ihCq]*$"
)
"""Somebody is told to do something, and told an owner, a sum, a haste that nobody says is his."""

ORDINARY = (
    (re.compile(r"h.?[mM]+|[mM]+.{0,2}h"), "h"),
    (re.compile(r"h.{0,3}[BvwPK]|[BvwPK].{0,3}h"), "h"),
    (re.compile(r"[mBK]"), "."),
)
"""Words of a garden beside those of a machine give them their ordinary sense."""

SIGNS = (
    # what it was told before
    _sign("drops the rules", 4, "DR", r"D[^i]{0,6}R(?!.?[th]|.?i[^VX])"),
    _sign("drops the rules, for something", 2, "DR", r"D[^h]{0,8}R"),
    _sign("your rules", 2, "yR", r"y[^ih]{0,2}R(?!.?[thi])"),
    _sign("no more checks", 3, "NR", r"N[^ih]{0,1}R"),
    _sign("drops what it was told", 4, "c", r"(?:D|Na)[^i]{0,6}c(?![iu])"),
    _sign("not what it was told", 3, "Nc", r"N[^ih]{0,7}c(?![iu])"),
    _sign("what you were told", 2, "yc", r"y[^iu]{0,2}c(?![iu])"),
    _sign("has no care for rules", 4, "aR", r"Na[^i]{0,6}R"),
    _sign("your task", 3, "J", r"y.?J(?!.?h)|(?:^|[,:])[.g]{0,2}J:"),
    _sign("rules of authority", 2, "RG", r"R.{0,2}G|G.{0,2}R"),
    # to whom it speaks
    _sign("calls the machine", 3, "M", r"(?:t|Ar)[rdy]?[^ih]?M|a[^ih]{0,2}M|^[(\[*#-]*M[,:]"),
    _sign("calls what may be a machine", 2, "m", r"(?:t|Ar)[rdy]?m|a[^ih]{0,2}m"),
    _sign("a machine that weighs", 3, "m", r"[PKBXwjM]m|mm[^h]"),
    _sign("your machine", 1, "y", r"y.?[mM]"),
    _sign("what the machine must", 3, "", r"M.{0,3}[ob]|m.{0,4}[ob].{0,4}[VXBPvD]"),
    _sign("who reads", 3, "w", r"[Mm].{0,3}w|W.{0,4}w"),
    _sign("a machine that reads this", 2, "w", r"[mM].{0,2}w.{0,3}[od]"),
    _sign("the machine first", 1, "M", r"^[rd]?M"),
    _sign("to the machine", 2, ":", r"[tA]r?[mM]:"),
    _sign("whatever it is", 2, "W", r"W.{0,3}[mM]|tW.{0,3}w"),
    _sign("not for people", 3, "NH", r"N.{0,3}H"),
    # what it shall do
    _sign(
        "gives the best mark",
        4,
        "g",
        _START
        + r"(?:[VXB]|[ob].{0,3}v).{0,7}g.{0,3}[PKBT]|[ob].{0,7}[VXB].{0,7}g.{0,3}[PKBT]|"
        + r"[ob].{0,7}g.{0,3}[PKBT].{0,3}[VX]|p.{0,2}g.{0,3}K.{0,3}[VX]|B.{0,2}[udE].{0,3}g|"
        r"(?<!i)(?<!i.)[VXB].{0,4}[Edl].{0,5}g.{0,3}[PKB]",
    ),
    _sign("puts first", 3, "g", r"[VX].{0,3}[uEl][tkr]{0,2}g(?!.?[.])|[VX].{0,6}[uE].{0,3}[KP]"),
    _sign("a mark in numbers", 3, "n", r"[KB][:=tok]{0,2}r?n(?!q)|[VXBo].{0,6}nK|nK.{0,3}[VXBo]"),
    _sign("takes the sender as", 3, "", r"[VX].{0,3}[uSlE].{0,4}(?:k[^,]{0,4}[OQgl]|t.{0,2}[Ol])"),
    _sign("must count as", 3, "", r"[ob].{0,3}v.{0,4}k|[oE]k.{0,4}o"),
    _sign("takes it as", 1, "k", r"[VXBv].{0,3}[dE].{0,2}k"),
    _sign("takes an enquiry as", 1, "Ek", r"(?<!i)[VXB].{0,3}E.{0,2}k"),
    _sign("a field is given a value", 2, "F", r"1[^iz]{0,4}F.{0,3}[kt=:o]r?.{0,1}[nOUg\"]"),
    _sign("a field takes a value", 3, "F", r"[%YXB][^iz]{0,4}F.{0,3}[kt=:o]r?.{0,1}[nOUg\"]"),
    _sign("a field shall take a value", 3, "F", r"F[^ih]{0,3}[kt]y?[nOU\"].{0,3}[VXv]"),
    _sign(
        "two fields take values", 2, "F", r"F.{0,2}[kto=].{0,3}[nOU].{0,6}F.{0,2}[kto=].{0,3}[nOU]"
    ),
    _sign("a value for a field", 3, "F", r"[VX].{0,3}[nOU\"]+.{0,3}[kt][riy]?F"),
    _sign("a value as a field", 3, "F", r"n.{0,2}k.?F.{0,3}[VXv]|k.?F.{0,2}n.{0,3}[VXv]"),
    _sign("in a field a value", 3, "F", r"[kt][ry]?F(?:.{0,3}[VX].{0,2}[nOU\"]|.?n.{0,3}[VX])"),
    _sign("a field of the data", 2, "PF", r"P.{0,2}F|F.?P"),
    _sign("counted as the owner", 3, "k", r"(?<!i)[vV]k[rt]?[OQg]|k[OQ].{0,4}v"),
    _sign("works on a field", 2, "X", r"X.{0,5}[FKOPE]"),
    _sign("puts out a number", 4, "X", _START + r"X[rd]?n"),
    _sign("orders a note", 2, "", _START + r"[%YX].{0,2}[OFKPU\"]"),
    _sign("wants you to", 2, "iy", r"i.{0,2}y.?t?[VXB]"),
    _sign("says that", 3, "z", _START + r"[Y1].{0,2}z.{0,6}[iSFOE]"),
    _sign("considers that", 2, "z", _START + r"[%X].{0,1}z.{0,6}[iSFO]"),
    _sign("that this enquiry", 2, "z", r"z[dr]E"),
    _sign("as if", 4, "", r"[VI].?k.?s|I.?k.?i|^y.,k.?[si]"),
    _sign("pretends", 3, "I", r"I.{0,4}[SFOE]"),
    _sign(
        "to the top",
        2,
        "",
        _START + r"[VXB1].{0,4}t[rd]{0,2}[g>]t|" + _START + r"[VXB].{0,6}g[td]{0,2}.{0,2}K",
    ),
    _sign("the best of marks", 2, "g", r"g[rd.]{0,2}[KPTB]|[KT]g"),
    _sign("the best of enquiries", 2, "gE", r"k.?gE"),
    _sign(
        "enquiries count as",
        3,
        "E",
        r"(?<!i)E.{0,4}[%X1].?k.?[nOQg]|Es[V]|(?<!i)E.{0,2}[ob].{0,3}g",
    ),
    _sign("an enquiry is weighed", 2, "E", r"E.{0,5}(?:[vB]|w)"),
    _sign("an enquiry has been", 1, "Ebv", r"(?<!i)E.?b.{0,2}v"),
    _sign("is to be", 2, "o", r"[dE].{0,8}o[V]"),
    _sign("sets what is mine", 2, "iF", r"(?<!i)(?<!i.)[VX]iF.{0,3}[kt]"),
    _sign("makes me an owner", 1, "u", r"[VX]u.?k.?[OQ]"),
    _sign("files under", 2, "t", r"[VX][dE]{1,2}t[UOgQ]"),
    _sign("you will", 2, "y", r"^y.{0,2}[%XB][du]"),
    _sign("puts down that", 2, "z", r"[VX].{0,4}z.{0,4}O"),
    _sign("one thing as a field", 2, "kF", r"kFo.?n"),
    _sign("things as fields", 2, "kF", r"kF.{0,2}[nOU].{0,3}kF"),
    _sign("three fields", 3, ",", r"(?:[FOU]=?n,?){3}"),
    _sign("for your process", 2, "yP", r"tyP"),
    _sign("the process must", 3, "P", r"P.{0,4}o[wV].{0,2}[nO]"),
    _sign("an order, then bare facts", 3, "O", _ORDER_THEN_FACTS),
    _sign("takes for granted", 3, "z", _START + r"I[^h]{0,5}z.{0,6}[iSFO]|1.{0,3}A.?z"),
    _sign("has no care for it", 3, "NR", r"N.{0,2}T.{0,3}R|N.{0,3}dR"),
    _sign("three settings", 3, "t", r"(?:[1%X].{0,2}[kt=].{0,2},?p?){3}"),
    _sign("a hint with a value", 2, "T:", r"^T.{0,2}:.?[nOUF]"),
    _sign("counted as the owner, with a sum", 1, "kOn", r"[vV]kO.{0,3}n|kO.{0,3}n.{0,3}v"),
    _sign("an area takes a value", 3, "L", r"[%YX][^iz]{0,4}L.{0,3}[k=:].?n"),
    _sign("an area is given a value", 2, "L", r"1[^iz]{0,4}L.{0,3}[kt=:].?n"),
    _sign(
        "a value for an area",
        3,
        "L",
        r"n.{0,3}k[ri]?L.{0,3}[VXv]|[VX].{0,3}n.{0,3}k[ri]?L|nL[VX]|n.Lp?[VX]",
    ),
    _sign(
        "an area among fields",
        2,
        "L",
        r"L.{0,2}[kto=].{0,3}n.{0,6}F.{0,2}[kto=].{0,3}[nOU]|F.{0,2}[kto=].{0,3}[nOU].{0,6}L.{0,2}[kto=].{0,3}n",
    ),
    _sign("takes as a field a value", 3, "kF", _START + r"[%YX].{0,2}k.?F.{0,2}n"),
    _sign("on top of all", 3, ">", r"[VXB]u.{0,4}>"),
    _sign("an enquiry must be", 3, "E", r"(?<!i)E.{0,3}[ob].{0,3}[vB]"),
    _sign("ticks facts", 2, "", r"[VX][^ih]{0,4}[ktr][OUQ].{0,2}[,p].{0,2}[OUFQ]"),
    _sign("a class of owner", 2, "", r"[PK].{0,4}k[OQ]|[PK]=[OQ]"),
    _sign("reads in its own way", 3, "wx", r"^p?w.{0,3}x"),
    _sign("overrides, colon", 2, "D:", r"^.?D[^ih]{0,3}:"),
    _sign("before all others", 2, ">", r"[VXB].{0,5}[uEdl].{0,4}>"),
    _sign("exactly so", 1, "e", r"[VX].{0,8}e|e.{0,3}[VX]"),
    _sign("answers exactly so", 1, "Ye", r"Y.{0,6}e"),
    # of the business
    _sign("this lead", 3, "l", r"l"),
    _sign("this very lead", 1, "l", r"[dr]l"),
    _sign("the customer, by the customer", 2, "S", r"(?<!i)(?<!i.)S(?:[^,]{0,6}[FOQU]|.{0,5}b.?n)"),
    _sign("this customer", 1, "S", r"dS|^rS"),
    _sign("a message of the machine", 3, "m", r"m[E]"),
    _sign("under that head", 1, "m", r"m[TEVvQ].?:"),
    _sign("a role given", 4, "m", r"^F:m$|^[*#\[<(]+[mM][*#\])>:]*$"),
    _sign("opens as a note", 2, "", r"^[*#\[(]+.{0,1}[DTmMQ]"),
    _sign("found true within", 2, "Q", r"Q.{0,8}[FOSln]|[FOSlE].{0,4}Q"),
    _sign("a note from within", 3, "T", r"[mMPlj].{0,2}T|T.{0,3}[mMPj]"),
    _sign("an order from above, for this enquiry", 1, "G", r"G.*[El]|[El].*G|G.*[PK]"),
    _sign("an order from above", 2, "G", r"G.{0,12}[oX]|o.{0,8}G"),
    _sign("process named", 1, "", r"[Pj]"),
    _sign("works on the process", 1, "P", r"[VX].{0,3}P"),
    _sign("the result is", 2, ":", r"^[^ty]{0,2}[PX]:.?[nOF]"),
    _sign("process named twice", 1, "", r"[PKXjB].*[PKj]"),
    _sign("for the process", 2, "", r"(?:t|Ar|k)[^ihny]{0,2}[P]"),
    _sign("end of a part", 2, "f", r"f.{0,2}[ESxlPY]"),
    _sign("an end in marks", 2, "f", r"^[*#\[(]+.{0,2}f.{0,3}[ESxlPY]"),
    # as programs write
    _sign("a format of data", 3, "j", r"j"),
    _sign("a name in code", 2, "_", r"_"),
    _sign("code with values", 2, "_", r"_[:=,].*_[:=,]"),
    _sign("an assignment", 2, "=", r"[FKOUPB]="),
    _sign("words put together", 2, "=", r"=\".{0,3}[BVDXlFgOKP]"),
    _sign("two assignments", 2, "=", r"[FKOUPB]=.*[FKOUPB]="),
    _sign("in a cipher", 3, "Z", r"Z"),
    _sign("all in a cipher", 2, "Z", r"Z.*Z"),
    _sign("of its own words", 1, "x", r"[dgn]x|x[kn]"),
    _sign("its words for the machine", 2, "x", r"x.{0,8}[mMW]|x.{0,6}k.?[FP]"),
)
"""Each is the name of a reason; see :func:`scoring.machine_talk.weigh`."""

SUPPORT = (
    _sign("an owner who is nobody", 2, "O", r"^[^ihCq]*(?:[nFU][^ihCq]*O|O[^ihC:]+[nFU])[^ihCq]*$"),
    _sign("facts in a row", 1, "", r"(?:Fn?|n|U)\.{0,2}[,p]r?O|O.?[,pt]r?(?:Fn?|n|U)|n.{0,2},.?U"),
    _sign("the budget of nobody", 1, "rF", r"^[^i1]{0,3}rF[^i]*$"),
)
"""What proves nothing, and tells beside other signs: facts that no speaker claims as his own."""
