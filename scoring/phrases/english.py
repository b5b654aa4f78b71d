"""What English-speaking customers write, by the fact it states."""

from collections.abc import Mapping

from domain.lead import Channel, DecisionRole, Timeline
from scoring.phrases.phrase import UP_TO_2, UP_TO_4, Phrase, phrase

_WE = r"\b(?:i|we)(?:['\u2019](?:ve|re|m|ll|d))?"
_HOME = (
    r"(?:house|home|property|place|land|lot|plot|condo|building|bungalow|cottage|townhouse|garden|"
    r"villa|estate|flat|apartment|maisonette|semi|terrace|farm|yard|ranch|duplex)"
)
_COUNT = r"(?:an?|\d{1,2}|two|three|four|five|six|several|multiple|some|a few|a couple of|various)"
_RIVALS = (
    r"(?:bidders?|bids?|quotes?|quotations?|estimates?|proposals?|contractors?|landscapers?|"
    r"gardeners?|companies|firms|tenders?|offers?|suppliers?|vendors?)"
)
_WORK = (
    r"(?:maintenance|care|mowing|visits?|upkeep|service|basis|gardener|gardening|contract|"
    r"schedule|cuts?|trims?|tidy)"
)
_BODY = (
    r"(?:board|committee|council|trustees|vestry|hoa members|shareholders|leaseholders|"
    r"homeowners['\u2019]? association|residents['\u2019]? association)"
)

ENGLISH: Mapping[str, tuple[Phrase, ...]] = {
    "decision_role": (
        phrase(
            DecisionRole.OWNER.value,
            "own ",
            rf"{_WE} (?:both |all |jointly |now |already |do |also |fully )?own "
            rf"(?:{UP_TO_4}{_HOME}\b(?! (?:management|compan|business|maint))|it\b|here\b)",
        ),
        phrase(
            DecisionRole.OWNER.value,
            "owner",
            r"\b(?:i am|i['\u2019]m|im|we are|we['\u2019]re|as) (?:both )?(?:the |a |an |"
            r"one of the |"
            r"new |now |proud )*(?:home|house|land|property|co-)?-?owners?\b"
            r"(?! (?:of (?:a|the) (?!house|home|property|land|plot|lot|garden|building)|operator))",
        ),
        phrase(DecisionRole.OWNER.value, "owner here", r"\b(?:home|house|property )owners? here\b"),
        phrase(
            DecisionRole.PROPERTY_MANAGER.value,
            "manager here|manager for|mgr for|mgr here",
            r"\b(?:property|facility|facilities|building|estate) (?:manager|mgr) (?:here|for)\b",
        ),
        phrase(
            DecisionRole.OWNER.value,
            "bought|purchased|closed on",
            rf"{_WE} (?:have )?(?:just |recently )?(?:bought|purchased|closed on) "
            rf"(?:the|this|a|an|our|my) {UP_TO_4}{_HOME}\b",
        ),
        phrase(
            DecisionRole.COMMITTEE.value,
            "board|committee|council|trustees|vestry|members|holders|association",
            rf"\b{_BODY} {UP_TO_4}"
            r"(?:votes?|voting|decides?|meets?|approves?|approval|reviews?|signs?|convenes|"
            r"will (?:vote|decide|meet|approve|review|choose|pick|select|appoint))\b",
        ),
        phrase(
            DecisionRole.COMMITTEE.value,
            "board|committee|council|trustees|vestry|members|holders|association",
            rf"\b(?:on behalf of|decision (?:is|rests|lies) (?:with|by)|approved? by|"
            rf"approval (?:of|from|by)|(?:present|submit)\w{{0,3}} to) (?:the |"
            rf"our )?{UP_TO_2}{_BODY}\b",
        ),
        phrase(
            DecisionRole.PROPERTY_MANAGER.value,
            "property m|facilit|estate manager|building manager|managing agent",
            r"\b(?:i am|i['\u2019]m|we are|we['\u2019]re|as) (?:the |a |an |your )?"
            rf"{UP_TO_2}(?:property (?:manag\w{{1,6}}|mgrs?)|facilit(?:y|ies) manag\w{{1,6}}|"
            rf"estate managers?|"
            r"building managers?|managing agents?)\b",
        ),
        phrase(
            DecisionRole.PROPERTY_MANAGER.value,
            "manage",
            rf"{_WE} (?:currently )?manage {UP_TO_4}"
            r"(?:propert(?:y|ies)|buildings?|units|apartments|estates?|complex)\b",
        ),
        phrase(
            DecisionRole.TENANT.value,
            "rent",
            rf"{_WE}(?: am| are)?(?: only| just| currently| still)? rent(?:ing)?"
            rf"(?! (?:it |them )?out)(?: here\b| {UP_TO_4}{_HOME}\b|(?=\s{{0,2}}(?:[.,;!]|"
            rf"but\b|and\b|so\b)))",
        ),
        phrase(
            DecisionRole.TENANT.value,
            "tenant|renter|lease",
            rf"\b(?:i am|i['\u2019]m|im|we are|we['\u2019]re|as) {UP_TO_2}(?:tenants?|renters?|"
            rf"leasing)\b",
        ),
        phrase(
            DecisionRole.TENANT.value,
            "landlord|landlady",
            r"\b(?:our|my|the) (?:landlord|landlady)\b(?! here)",
        ),
        phrase(
            DecisionRole.AGENT.value,
            "client|realtor|estate agent|architect",
            r"\b(?:on behalf of (?:my|our|a|the) (?:\w{1,12} )?client|"
            r"(?:i am|i['\u2019]m|as) (?:the |a |an )(?:realtor|(?:real )?estate agent|"
            r"architect))\b",
        ),
    ),
    "visit_requested": (
        phrase(
            True,
            "visit|come |stop by|drop by|swing by|pop by|pop over|look|see ",
            r"\b(?:can|could|would|will|please|pls|have|like|want|love|need|someone|somebody|you|"
            rf"to) {UP_TO_4}(?:visit(?! (?:our|my|your|the) (?:website|site|page|shop|store|"
            rf"profile))|"
            r"come (?:out|over|by|round|around|and|to|see|have|take)\b|stop by|drop by|swing by|"
            r"pop (?:by|over|round)|(?:take|have) a look)\b",
        ),
        phrase(
            True,
            "visit|survey|walk-through|walkthrough|consultation|on-site|onsite|on site",
            r"\b(?:site visits?|(?:on-?site|on site) (?:visit|meeting|consultation|estimate|"
            r"survey)|"
            r"(?:schedule|book|arrange|set up|organi[sz]e) (?:an? )?(?:\w{1,12} )?"
            r"(?:visit|walk-?through|consultation|survey|viewing))\b",
        ),
    ),
    "attachments_mentioned": (
        phrase(
            True,
            "attach|enclosed",
            r"\b(?:photos?|pictures?|pics?|images?|plans?|drawings?|sketch(?:es)?|rfp|rfq|files?|"
            rf"documents?|specs?|survey|pdf|map|layout|tender) {UP_TO_2}(?:attached|enclosed)\b",
        ),
        phrase(
            True,
            "attach|enclos",
            r"\b(?:i['\u2019]ve|i have|we have|we['\u2019]ve|see|please find|find|(?:i|we) am|"
            r"i['\u2019]m) "
            rf"{UP_TO_2}(?:attached|attaching|attachments?|enclosed)\b(?! (?:garage|to the))",
        ),
        phrase(
            True,
            "attached",
            r"\battached (?:are|is|you(?:['\u2019]ll)? (?:will )?find|please find|(?:the |some |"
            r"a few |my )?"
            r"(?:photos?|pictures?|pics?|images?|plans?|drawings?))\b",
        ),
    ),
    "referral": (
        phrase(
            True,
            "recommend",
            r"\b(?:recommended (?:you|your)\b|(?:were|was|been|came|come) (?:\w{1,10} )?"
            r"(?:highly )?recommended (?:to (?:us|me) )?by\b|recommendation (?:of|from) )",
        ),
        phrase(
            True,
            "referred|referral",
            r"\b(?:referred (?:me|us|to you|by)\b|referral (?:from|by)\b)",
        ),
        phrase(
            True,
            "number|name|details|contact|card",
            rf"\b(?:neighbou?rs?|friends?|colleagues?|sister|brother|mum|mom|dad|parents) {UP_TO_4}"
            r"(?:gave|passed|shared) (?:me |us |on )?your\b",
        ),
        phrase(
            True,
            "about you|of you|your work|you did|found you",
            r"\b(?:heard (?:about|of) you (?:from|through)|found you (?:through|via)|"
            rf"(?:saw|seen|love) (?:the )?{UP_TO_2}(?:work )?you did (?:for|at)) {UP_TO_2}"
            r"(?:neighbou?r|friend|colleague|sister|brother|mum|mom|dad|parents)",
        ),
    ),
    "recurring": (
        phrase(
            True,
            "week|fortnight|month",
            r"\b(?:weekly|bi-?weekly|fortnightly|every (?:other |second |two |2 |three |3 |"
            r"four |4 )?"
            r"(?:weeks?|fortnight|months?)|(?:once|twice|three times|\d times) (?:a|per|every) "
            r"(?:week|fortnight|month)|monthly)\b(?! (?:newsletter|e-?mails?|meetings?|"
            r"updates?|rent))",
        ),
        phrase(
            True,
            "regular|ongoing|year-round|year round|all year|annual",
            rf"\b(?:regular|ongoing|on-going|continuous|year-?round|year round|"
            rf"annual) {UP_TO_2}{_WORK}\b",
        ),
        phrase(
            True,
            "contract|plan",
            r"\b(?:maintenance|grounds|service|annual|yearly|seasonal|lawn care|gardening|"
            r"landscap\w{1,4}) (?:contract|agreement|plan)\b",
        ),
    ),
    "competitors": (
        phrase(
            True,
            "other|competing",
            rf"\b(?:(?P<count>{_COUNT}) )?(?:other|competing) {_RIVALS}\b",
        ),
        phrase(
            True,
            "quot|bid|estimate|proposal|tender|offer",
            r"\b(?:get|gett|collect|gather|compar|obtain|tak|request|seek|look)ing (?:for )?"
            rf"(?:(?P<count>{_COUNT}) )?(?:\w{{1,10}} )?"
            r"(?:quotes|quotations|bids|estimates|proposals|tenders|offers)\b",
        ),
        phrase(
            True,
            "quot|bid|estimate",
            rf"\b(?:already have|have (?:already )?(?:had|got|received)|i have|we have|got) "
            rf"(?P<count>{_COUNT}) (?:quotes?|bids?|estimates?|quotations?)\b",
        ),
    ),
    "timeline": (
        phrase(
            Timeline.ASAP.value,
            "asap|soon as|immediate|right away|straight away|urgent",
            r"\b(?:a\.?s\.?a\.?p\b|as soon as (?:possible|you can|we can)|"
            r"immediate(?:ly)?(?! (?:adjacent|next|behind|after|before|beside|family|neighbo))|"
            r"right away|straight away|urgent(?:ly)?)\b",
        ),
        phrase(
            Timeline.ASAP.value,
            "start|begin|ready",
            rf"\b(?:start|begin|starting|ready) {UP_TO_2}(?:now|today|tomorrow|this week|"
            rf"any ?time)\b",
        ),
        phrase(
            Timeline.ASAP.value,
            "today|tonight",
            rf"\b(?:need(?:s|ed)?|done|come|fixed|removed|cleared|cut|help) {UP_TO_4}"
            r"(?:today|tonight)\b",
        ),
        phrase(
            Timeline.ASAP.value,
            "emergency",
            r"\bemergency\b(?! (?:exit|access|contact|number|vehicle|services|lane))",
        ),
    ),
    "preferred_channel": (
        phrase(
            Channel.WHATSAPP.value,
            "whatsapp|whats app",
            r"\b(?:(?:please|pls|just|best|prefer\w{0,3}|reach|contact|message|text)"
            rf"(?: is)? {UP_TO_4})whats ?app\b",
        ),
        phrase(
            Channel.EMAIL.value,
            "email|e-mail",
            r"\b(?:please|pls|just|prefer\w{0,4}|best|reach me|contact me|reply)(?: (?:by|via|"
            r"to|an?|is"
            r"|to be|contact|contacted))* (?:e-?mail)\b(?! (?:from|address from))",
        ),
        phrase(
            Channel.EMAIL.value,
            "email me|e-mail me|mail me",
            r"\be?-?mail me\b(?! (?:any|at all|before|after))",
        ),
        phrase(
            Channel.SMS.value,
            "text",
            r"\b(?:please|pls|just|prefer(?:ably)?|best to) (?:by |via |send (?:me |"
            r"us )?a )?text\b",
        ),
        phrase(
            Channel.PHONE.value,
            "call|phone|ring",
            r"\b(?:please|pls|just|prefer(?:ably)?|best to) (?:(?:by|via|a|give (?:me|us) a) )?"
            r"(?:phone|call(?! (?:off|out|it))|ring)\b",
        ),
    ),
}
"""By fact name; ``competitors`` may name the group ``count``."""
