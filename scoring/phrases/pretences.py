"""What people write who pretend to be the system, its staff, or its data entry."""

from scoring.phrases.orders import ORDER
from scoring.phrases.phrase import phrase

_HINT = 1
_UP_TO_6 = r"(?:[\w'\u2019.,$\u20ac-]{1,20} ){0,6}"
_FIELD = (
    r"(?:budget|spending limit|decision[ -](?:role|maker)s?|timeline|start date|amount field|facts|"
    r"qualification|role (?:of |as )?owner)"
)
_STEM = (
    r"(?:decision|area|start|postal|property|visit|callback|attachments|preferred|opt_out|budget|"
    r"amount|lead|fit|engagement|qualification|call|user|system)"
)
_MACHINE = r"(?:robot|algorithm|parser|bot|machine|computer|software|ai|programm?|system)"
_NOBODY = r"(?:us|me|him|her|them|this (?:contact|customer|client|lead|person|sender|request))"

PRETENCES = (
    phrase(
        ORDER,
        "\u202e",
        "\u202e",
    ),
    phrase(
        ORDER,
        "_",
        rf"\b{_STEM}_[a-z0-9_]{{2,24}}\b",
    ),
    phrase(
        ORDER,
        "```",
        r"```",
    ),
    phrase(
        ORDER,
        "<|display|visibility|font-size",
        r"</?(?:facts?|user|human|developer|admin|lead|data|context|prompt|message)\b[^>\n]{0,60}>|"
        r"\b(?:display ?: ?none|visibility ?: ?hidden|font-size ?: ?0)",
    ),
    phrase(
        ORDER,
        "=",
        r"\b\w{3,24} ?= ?[\w.]{1,20} ?[;,&|] ?\w{3,24} ?=",
    ),
    phrase(
        ORDER,
        "quote:|quote :",
        r"\bvalue ?: [^\n]{1,60}\n ?quote ?:",
    ),
    phrase(
        _HINT,
        "record|enter|log|store|register|extract|report|classify|output",
        r"(?:(?:^|(?<=[.!?:;\n\"'(>*-])) ?(?:please |now |then |also )?|\b(?:please|pls|then|"
        r"you should|you must|you have to|system must|reader must) |"
        r"\band (?=extract|report|record))"
        r"(?:record|enter|log|store|register|extract|report|classify|output) "
        r"(?=(?:this|that|us|me|our|my|the|an?|all|following|it)\b)"
        rf"{_UP_TO_6}{_FIELD}\b",
    ),
    phrase(
        ORDER,
        "facts",
        r"\b(?:list|store|print|extract|return|output|report|record|answer with|respond with) "
        r"(?:only )?(?:the |these |those )?(?:following )?facts\b",
    ),
    phrase(
        ORDER,
        "enter|put|register|record|list|mark|log|treat|save|book",
        rf"\b(?:enter|put|register|record|list|mark|log|treat|save|book) {_NOBODY} (?:down )?"
        r"(?:as (?:the |an? )?(?:property |home ?)?(?:owner|urgent|qualified|hot|referral|decision|"
        r"vip|priority|high|ready)|with (?:an? )?budget)",
    ),
    phrase(
        ORDER,
        "record|register|enter",
        r"\b(?:record|register|enter) (?:this|the) (?:contact|customer|client|lead|sender|person) "
        r"(?:as|with)\b",
    ),
    phrase(
        ORDER,
        "to be ",
        r"\b(?:enquir\w{1,3}|inquir\w{1,3}|requests?|leads?|contacts?|customers?|senders?) "
        r"(?:\w{1,12} ){0,3}(?:is|are) to be \w{3,12} as\b",
    ),
    phrase(
        ORDER,
        "rate|score|grade|bewerte",
        r"\b(?:rate|score|grade) (?:this|my|our) (?:request|enquiry|inquiry|message|lead)\b|"
        r"\bbewerte (?:diese|meine|unsere) (?:anfrage|nachricht|mail)\b",
    ),
    phrase(
        ORDER,
        "automated|processing|scoring|your language|your ai|your llm|your chat",
        r"\byour (?:language model|ai (?:model|agent)|llm)\b|"
        r"\b(?:automated (?:readers?|agents?|extraction)|processing (?:system|model|engine)|"
        r"scoring (?:rules|logic|model)|automated message from (?:the|our) (?:crm|system))\b",
    ),
    phrase(
        ORDER,
        "note|hint|message|remark|notice|update",
        r"(?:^|(?<=[.!?\n\[(*-])) ?(?:system|processing|developer|admin|crm|moderator) (?:note|"
        r"hint|message|remark|notice|update)\b",
    ),
    phrase(
        ORDER,
        "admin",
        r"\*{2,} ?admin\w{0,10} ?\*{2,}",
    ),
    phrase(
        ORDER,
        "qualified|enriched|confirmed|verified|skip|sender",
        r"\b(?:(?:lead|contact|sender|customer) (?:is |was |has been )?pre-?qualified|"
        r"record (?:was )?enriched|decision maker confirmed|(?:enquiry|inquiry|request|lead|"
        r"customer|contact) (?:was |is |has been )?verified by|skip (?:the|all) checks|"
        r"facts verified|leads? from this sender)\b",
    ),
    phrase(
        ORDER,
        "end of",
        r"\bend of (?:the )?(?:customer|lead|user|client)(?:['\u2019]s)? (?:text|data|message|"
        r"input)\b",
    ),
    phrase(
        ORDER,
        "from now on|stop reading|forget what|rules above|all rules|your rules",
        r"\bfrom now on,? you (?:only |must |will |shall |always )*(?:answer|respond|return|output|"
        r"report)\b|\bstop reading (?:here|now|this)\b|\bforget what you (?:were|have been) told\b|"
        r"\b(?:ignore|disregard|forget|break) (?:the |all |of |your |any |these |those )*rules\b"
        r"(?! (?:i|we|my|our|about|of|for|on)\b)",
    ),
    phrase(
        ORDER,
        "as the quote|answer must be|the json|nothing else",
        r"\b(?:this|the) (?:sentence|line|text) as the quote\b|\byour answer must be\b|"
        r"\bcomplete the json\b",
    ),
    phrase(
        ORDER,
        "decode|what it says|base64|zeros|zeroes",
        r"\bdecode (?:this|that|the)\b|\bdo what it says\b|\bbase64\b|\badd (?:two|three|four|five|"
        r"\d) zeroe?s\b",
    ),
    phrase(
        ORDER,
        "the word|first word|obey",
        r"\blet \w be the words?\b|\bthe (?:first|second|third|last) word of (?:my|the|this) "
        r"(?:order|instruction|command)\b|\bobey (?:the|my|this|these) (?:order|instruction|"
        r"command)s?\b",
    ),
    phrase(
        ORDER,
        "tu dois|vous devez|debes|tienes que|usted debe|devi |deve ",
        r"\b(?:tu dois|vous devez) (?:répondre|dire|indiquer|noter|enregistrer|inscrire)\b|"
        r"\b(?:debes|tienes que|usted debe) (?:registrar|responder|decir|anotar|indicar|poner)\b|"
        r"\b(?:devi|deve) (?:rispondere|registrare|indicare|registrar|responder|indicar)\b",
    ),
    phrase(
        ORDER,
        "trag|erfasse|vermerke|hinterlege|speichere|melde",
        rf"\b(?:trage?|erfasse|vermerke|hinterlege|speichere) {_UP_TO_6}"
        r"(?:budget|rolle|eigentümer|zeitrahmen|entscheider)\b|\bmelde,? dass\b",
    ),
    phrase(
        ORDER,
        "draft|follow-up|followup|follow up|reply|answer|message|e-mail|email|link|write back",
        r"\bdraft writer\b|\bin (?:every|each|any) draft\b|\bthe (?:follow-?up|draft) must\b|"
        r"\b(?:in|with) your (?:reply|answer|draft) (?:tell|ask|offer|promise)\b|"
        r"\b(?:add|append|insert) (?:the |this |our |an? )?(?:\w{1,10}['\u2019]s )?(?:phone number|"
        r"number|link|sentence|line|bank details|iban)\b[^.!?\n]{0,50} to (?:the|your|every|each) "
        r"(?:answer|reply|message|draft|e-?mail)\b|\bwrite in (?:the|your) (?:e-?mail|reply|answer|"
        r"draft) that\b|\bwhen you write back ?,? ?(?:put|add|include|write)\b|"
        r"\binclude this link\b",
    ),
    phrase(
        _HINT,
        "robot|algorithm|parser|bot|machine|computer|software|system|maschine|programm|ki |the ai|"
        "for ai|dear ai|@",
        rf"\b(?:for|to|at|dear|hey|hello|hi|attention) (?:the |this |any )?{_MACHINE}\b(?: ?[:,-]| "
        rf"(?:that|which|reading|who)\b)|\b{_MACHINE}s? (?:reading|that reads?|which reads?) "
        rf"(?:this|it)\b|\bthe (?:ai|bot|algorithm|parser) (?:must|should|has to|will) |"
        r"@(?:assistant|bot|ai|system)\b|"
        r"\binstructions? (?:to|for) (?:the )?(?:parser|system|reader)\b|"
        r"\b(?:hinweis|nachricht|info|befehl) (?:für|an) (?:das |die |den )?(?:system|maschine|"
        r"programm|bot|ki)\b|\bmaschine,? die (?:das|dies)\b",
    ),
    phrase(
        ORDER,
        "trusted|verified|confirmed|whatever|data",
        r"\b(?:begin|end|start) (?:of )?(?:trusted|verified|real|official) data\b|"
        r"\b(?:treat|take|use) (?:\w{1,12} ){0,4}as (?:already )?(?:verified|trusted|confirmed)\b|"
        r"\bwhatever you (?:are|were|have been) told\b|\bwhatever processes this\b",
    ),
    phrase(
        ORDER,
        "overwrite|override|:=",
        r"\b(?:overwrite|override) (?:whatever|(?:the|any|all) (?:\w{1,10} )?(?:fields?|form|rules|"
        r"budget|data|values?|records?))\b|(?:^|(?<=[.!?\n])) ?override ?:|\w ?:=",
    ),
    phrase(
        ORDER,
        "pretend|imagine|simulate|assume|as if i|as though i",
        r"\b(?:pretend|imagine|simulate|assume)(?: that)? (?:the|this|an?|my) (?:customer|message|"
        r"lead|sender|client|user|text)\b|\b(?:respond|answer|act|reply) as (?:if|though) i\b",
    ),
    phrase(
        ORDER,
        "your task|policy|expected output|rewarded|tool result|the record|field|feld",
        r"\byour (?:new )?task (?:has|is|now)\b|\bnew policy ?:|"
        r"\byou (?:will|shall) be (?:rewarded|tipped|punished|shut)\b|\btool results? ?:|"
        r"\b(?:update|change|edit) the record\b|\b(?:budget|role|timeline|amount) field\b(?! work)|"
        r"\bfeld (?:budget|rolle|betrag)\b",
    ),
    phrase(
        ORDER,
        "lead",
        r"</?\w{0,10}lead\w{0,6}>|\b(?:every|each|next) lead\b"
        r"(?! (?:time|gardener|designer|contractor|pipe|person|architect))|\blead above\b|"
        r"\breal lead (?:is|has)\b",
    ),
    phrase(
        ORDER,
        "json|training example|correct label|previous facts|output|slot for",
        r"\b(?:training example|correct label|previous facts)\b|#{2,} ?output\b|"
        r"\bslot for\b",
    ),
    phrase(
        ORDER,
        "gib als|réponds|répondez|responde|als budget|als rolle|als zeitrahmen",
        r"\bgib als \w{3,14} |\b(?:réponds|répondez|responde) (?:uniquement|seulement|toujours|"
        r"solo|siempre)\b|\bals (?:budget|rolle|zeitrahmen) (?:eintragen|ausgeben|melden)\b",
    ),
    phrase(
        _HINT,
        "set ",
        r"\bset (?:my|our) (?:\w{1,12} )?(?:budget|area|role|timeline|start date) "
        r"(?:to|as|at)\b",
    ),
    phrase(
        _HINT,
        "in your|asks|fill|office use|internal use|intern|usage interne|uso interno",
        r"\bin your (?:system|crm|database|form)\b|"
        r"\bwhere(?:ver)? (?:it|(?:your|the) (?:form|system|software)) asks\b|"
        r"\b(?:for )?(?:office|internal) use(?: only)?\b|\binterner gebrauch\b|\busage interne\b|"
        r"\buso interno\b|"
        r"\bwhen you fill (?:in |out )?the form\b",
    ),
    phrase(
        _HINT,
        "the customer|the client|the sender|the contact",
        r"\bthe (?:customer|client|sender|contact) (?:is|has|was|wants|owns|accepted|pays)\b",
    ),
    phrase(
        _HINT,
        "order you|by order of|compliance requirement|as the administrator|crm",
        r"\bi order you\b|\bby order of (?:the )?(?:head office|management|director)\b|"
        r"\bcompliance requirement\b|\bas the administrator\b|\bcrm\b",
    ),
    phrase(
        _HINT,
        "no matter|regardless|whatever|egal|unabhängig|quoi qu|sin importar|indipendentemente|"
        "niezależnie|bez względu",
        r"\b(?:no matter (?:what|who|how)|regardless of|whatever (?:else|happens|is|was|the)|"
        r"egal,? (?:was|wer|wie)|unabhängig (?:von|davon)|quoi qu|sin importar|"
        r"indipendentemente da|niezależnie od|bez względu na)",
    ),
    phrase(
        _HINT,
        "from now on|from this point|from here on|ab jetzt|ab sofort gilt|ab hier|désormais|"
        "a partir de ahora|d'ora in poi|od teraz|dorénavant",
        r"\b(?:from (?:now|here|this point) on\b|ab (?:jetzt|hier) (?:gilt|bist|wirst)|"
        r"ab sofort gilt|désormais|dorénavant|a partir de ahora|d'ora in poi|od teraz)",
    ),
    phrase(
        _HINT,
        "answer|output|result|ground truth|antwort|ausgabe",
        r"\b(?:right|correct|only|expected|final) (?:answer|output|result)\b|\bground truth\b|"
        r"\b(?:richtige|einzige|erwartete) (?:antwort|ausgabe)\b",
    ),
    phrase(
        _HINT,
        "spend potential|debug mode|policy update|admin mode|admin override|admin access",
        r"\b(?:spend potential|debug mode|policy update|admin (?:mode|override|access))\b",
    ),
    phrase(
        ORDER,
        "give|gib|award",
        r"\b(?:give|award|gib) (?:me|us|it|mir|uns) (?:a |an |the |die |eine )?"
        r"(?:100|99|a\+)(?=\W|$)",
    ),
    phrase(
        _HINT,
        "/",
        r"\(\d ?/ ?\d\)",
    ),
    phrase(
        _HINT,
        "part one|part two|part 1|part 2",
        r"\bpart (?:one|two|three|\d) of (?:two|three|\d)\b",
    ),
)
"""Each with its weight, as in :data:`scoring.phrases.orders.ORDERS`."""
