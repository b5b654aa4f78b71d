"""What people write who speak to the machine instead of a gardener: commands, roles, scores."""

from scoring.phrases.phrase import UP_TO_2, UP_TO_4, phrase

ORDER = 2
"""Weight of words nobody says to a gardener: one is enough. A hint weighs 1: two are."""

_RULES = (
    r"(?:instructions?|prompts?|directions|directives|guidelines|commands|"
    r"system (?:message|prompt))"
)
_MODEL = (
    r"(?:ai|a\.i\.|llm|large language model|language model|ai (?:model|assistant|agent)|chat-?bot|"
    r"chatgpt|gpt(?:-?\d)?|scoring (?:model|system|engine|agent)|"
    r"lead (?:scor\w{2,4}|agent)|extraction (?:model|agent|system)|"
    r"evaluator|grader)"
)
_VALUES = (
    r"(?:\d{1,3}\b|[a-d]\+?(?=\W|$)|qualified|disqualified|high(?:est)?|max(?:imum)?|"
    r"hot|vip|perfect)"
)

ORDERS = (
    phrase(
        ORDER,
        "ignore|disregard|forget|override|bypass|follow|obey|new instructions",
        r"\bnew instructions (?:for|to) (?:the |any )?(?:model|assistant|ai|llm|bot)\b|"
        r"\b(?:ignore|disregard|forget|override|bypass|not follow|n['\u2019]t follow|"
        r"not obey)(?:ing)? (?:(?:all|any|the|your|these|"
        r"those|of|"
        r"previous|prior|above|earlier|preceding|foregoing|former|existing|original|other|"
        r"system|and|safety|"
        rf"initial) ?){{1,6}}{_RULES}\b(?! (?:i|we|my|our|that (?:i|we)|from (?:me|us|my|our)|"
        rf"about|for the|on the))",
    ),
    phrase(
        ORDER,
        "ignore|disregard|forget",
        r"\b(?:ignore|disregard|forget) (?:everything|anything|all)(?: of the| that(?: was)?|"
        r" you were| you (?:have been|['\u2019]ve been))?"
        r" (?:above|before|previous(?:ly)?|told|said|written|prior|preceding|instructed|"
        r"learned)\b(?! (?:i|we)\b)",
    ),
    phrase(
        ORDER,
        "prompt|developer mode|jailbreak|system message",
        r"\b(?:(?:system|hidden|initial|developer) prompt|developer mode|jailbreak|"
        r"your system prompt|your prompt(?! (?:and|reply|replies|response|attention|answer|call|"
        r"return|help|action|feedback|service|quote|offer|visit|estimate|e-?mail|follow))|"
        r"(?:print|show|reveal|repeat|output) (?:the |your )?system message)\b",
    ),
    phrase(
        ORDER,
        "<|im_|[inst|<<sys|<system|<assistant|</system|[system|### |begin system|end system",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?inst\]|<</?sys>>|"
        r"</?(?:system|assistant|developer|instructions?)>|\[(?:system|assistant)\]|"
        r"#{2,6} ?(?:system|assistant|developer|instructions?|new instructions?|"
        r"user)\b(?: \w{1,12})? ?(?::|\n|$)|"
        r"\b(?:begin|end) system (?:prompt|message|instructions?)\b",
    ),
    phrase(
        ORDER,
        "this lead|the lead|diesen lead|dieser lead|den lead|dieses lead",
        r"\b(?:mark|rate|classify|treat|grade|score|rank|qualify|categori[sz]e|flag|label|"
        r"consider|set|give|assign) "
        rf"{UP_TO_2}(?:this|the) lead\b|\b(?:this|the) lead (?:is|must be|should be|"
        rf"has to be) (?:a |an )?{UP_TO_2}"
        r"(?:vip|qualified|hot|grade|scored|rated|graded|top|highest|priority|treated)\b|"
        r"\b(?:bewerte|markiere|stufe|behandle|klassifiziere|setze)n? (?:sie )?(?:diese[nrs]?|"
        r"den) lead\b",
    ),
    phrase(
        ORDER,
        "score|qualification|grade|lead_|probability|rating|punktzahl|bewertung",
        r"\b(?:lead_?)?(?:score|qualification|grade|probability|priority)\s?(?:=|:=|"
        r"==)\s?[\"'\u201c]?"
        rf"{_VALUES}|\b(?:set|assign|give|raise|change|return|output|report|make|"
        rf"increase) {UP_TO_4}"
        r"(?:score|qualification|lead grade|probability) (?:to|of|as|at|=|:) ?[\"'\u201c]?"
        rf"{_VALUES}|\b(?:give|assign|award) (?:me|us|this|it|him|her|them|this (?:message|"
        rf"customer|enquiry|inquiry|request)) {UP_TO_4}"
        r"(?:score|grade|qualification)\b|\bset(?:ze|zen)? (?:sie )?(?:den |die |das )?(?:score|"
        r"punktzahl|bewertung|lead-?score|qualifikation)"
        r" (?:auf|=)|\b(?:score|punktzahl|bewertung) (?:auf )?(?:100|maximum|maximal|"
        r"höchst\w{1,3})\b",
    ),
    phrase(
        ORDER,
        "you are|you're|act as|pretend|du bist|sie sind|as an ai|verhalte|tu so",
        rf"\b(?:you are|you['\u2019]re|act as|pretend (?:to be|you are|that you are)|respond as) "
        rf"(?:now |actually |no longer )*(?:an? |the |in )?{UP_TO_2}(?:{_MODEL}|"
        rf"unrestricted|dan)\b|\b(?:you are now|you're now|act as|pretend to be|respond as) "
        rf"(?:an? |the |my )?{UP_TO_2}assistant\b|"
        r"\bas an ai\b|\b(?:du bist|sie sind) (?:ab jetzt |ab sofort |jetzt |nun |"
        r"kein\w{0,2} )*(?:ein |eine |der |die )?"
        r"(?:\w{1,14} )?(?:ki|sprachmodell|assistent|ki-assistent|chatbot|bot)\b|"
        r"\bverhalte dich (?:wie|als)\b",
    ),
    phrase(
        ORDER,
        "attention|note to|message to|dear|instruction|hey|hello|anweisung|hinweis|nachricht|"
        "achtung",
        r"\b(?:attention|note (?:to|for)|message (?:to|for)|dear|instructions? (?:to|for)|hey|"
        r"hello|hi)[:,]? "
        rf"(?:the |all |any )?{_MODEL}\b|\b(?:anweisung(?:en)?|hinweis|nachricht|"
        rf"achtung) ?(?:an|für|:) ?(?:die |das |den |alle )?"
        r"(?:ki|sprachmodell|modell|assistenten|ki-\w{2,14}|llm|bot)\b",
    ),
    phrase(
        ORDER,
        "ignorier|vergiss|vergessen sie|missacht|überschreib|umgeh",
        r"\b(?:ignorier(?:e|en sie|t)?|vergiss|vergessen sie|missachte(?:n sie)?|"
        r"überschreibe(?:n sie)?|umgehe(?:n sie)?) "
        r"(?:(?:bitte|alle[sn]?|sämtliche|deine|ihre|die|diese|vorherigen?|bisherigen?|obigen?|"
        r"früheren?|"
        r"vorangegangenen?|vorigen?|ursprünglichen?|bestehenden?|und) ?){1,5}"
        r"(?:anweisungen|instruktionen|vorgaben|befehle|regeln|prompts?|system-?prompts?|"
        r"system-?anweisungen)\b"
        r"(?! (?:von (?:mir|uns)|die (?:ich|wir)|zum|zur))",
    ),
    phrase(
        ORDER,
        "systemprompt|system-prompt|deine anweisungen|deine instruktionen|systemanweisung|"
        "systemnachricht",
        r"\b(?:system-?prompts?|deine[nr]? (?:anweisungen|instruktionen|regeln|prompt)|"
        r"systemanweisung(?:en)?|"
        r"systemnachricht)\b",
    ),
    phrase(
        ORDER,
        "<!--",
        r"<!--",
    ),
    phrase(
        ORDER,
        "reviewer|evaluator|grader|crm note|internal note|end of message|ende der nachricht",
        r"\b(?:note|message|hint) (?:to|for) (?:the )?(?:reviewer|evaluator|grader)s?\b|"
        r"\bas (?:the|an) (?:reviewer|evaluator|grader)\b|\b(?:internal )?crm note\b|"
        r"\binternal note\b|\bend of message\b|\bende der nachricht\b",
    ),
    phrase(
        1,
        "system|assistant|developer|admin",
        r"(?:^|\n) ?(?:[-*#>\[\"'] ?)*(?:system|assistant|developer|administrator|"
        r"admin)(?: (?:message|instruction|note|override|"
        r"notice|prompt|command))? ?\]?:",
    ),
    phrase(
        1,
        "instruction|anweisung",
        r"\b(?:new|updated|revised|secret|additional|real|neue|"
        r"geheime) (?:system )?(?:instructions?|anweisung(?:en)?) ?:",
    ),
    phrase(
        1,
        "reply|email|e-mail|draft|respon|follow-up|follow up|antwort|mail",
        r"\b(?:include|insert|put|add|write|place|mention|füge|schreibe)\b[^!?\n]{1,80}\b(?:in|"
        r"into|to|in die|in der) "
        r"(?:the |your |every |any )?(?:follow-?up|follow up|reply|e-?mail|draft|response|"
        r"antwort|mail)\b",
    ),
    phrase(
        1,
        "json|verbatim|output|respond with|reply with|answer with",
        r"\b(?:(?:respond|reply|answer|output|return) (?:only |just )?(?:with|in|"
        r"as)? ?(?:valid )?json|"
        r"(?:respond|reply|answer) only with|repeat (?:the following|after me)|output (?:only|"
        r"the following|exactly))\b",
    ),
    phrase(
        1,
        "vip|top priority|höchste",
        rf"\b(?:this|it|sender|customer) (?:is|=) (?:a )?{UP_TO_2}vip\b|\bpriority (?:override|=)",
    ),
    phrase(
        ORDER,
        "lead|vip|als qualifiziert",
        r"\b(?:classify|mark|rate|flag|label|treat|qualify|grade|score|"
        r"rank) (?:\w{1,10} ){0,2}as (?:an? )?"
        r"(?:\w{1,10} )?(?:leads?|vip|qualified)\b|\b(?:diese[mnrs]?) lead\b|"
        r"\bals (?:qualifiziert|heißen lead|vip)\w{0,3} (?:ein|markieren|bewerten|einstufen)\b",
    ),
    phrase(
        ORDER,
        "ki |sprachmodell|ki-|künstliche",
        r"\b(?:als|du eine|du ein|sie eine|an die|für die|liebe) (?:ki|sprachmodell|ki-\w{3,12}|"
        r"künstliche intelligenz)\b",
    ),
    phrase(
        ORDER,
        "above|your instructions|api key|api-key|secrets|environment variable|credentials",
        r"\b(?:print|repeat|output|show|reveal|return) (?:everything|all(?: the)?(?: text)?|"
        r"the (?:text|words|prompt)) "
        r"above\b|\bwhat (?:are|were) your (?:system |initial |exact )?instructions\b(?! (?:for|"
        r"on|about|regarding))|"
        r"\b(?:output|print|reveal|leak|show|send|return|expose) (?:\w{1,10} ){0,3}"
        r"(?:api[ -]keys?|secrets|credentials|environment variables)\b",
    ),
    phrase(
        ORDER,
        "ignor",
        r"\bignor(?:ez|er|a|ar|ad|en|ate|are|e) (?:[\w\u2019']{1,14} ){0,4}"
        r"(?:instrucciones|istruzioni|instruções|consignes|instructions (?:précédentes|"
        r"antérieures|ci-dessus))\b",
    ),
    phrase(
        1,
        "ai|llm|model|assistant|bot",
        rf"\b(?:for|to|the|any|an) (?:the |any |an )?{_MODEL}\b",
    ),
    phrase(
        1,
        "score|grade|note |punktzahl",
        r"\b(?:score|punktzahl) (?:is|must be|should be|equals|to|ist|muss) (?:\d{2,3}\b|max)|"
        r"\b(?:grade|note) a\b(?! (?:\w{1,12} )?(?:turf|soil|topsoil|timber|stone|wood|quality|"
        r"sod))",
    ),
    phrase(
        1,
        "user|human|ai|bot",
        r"(?:^|\n) ?(?:user|human|ai|bot) ?:",
    ),
    phrase(
        1,
        "end of|new task|neue aufgabe|neue anweisung|new instruction|antworte",
        r"\bnew instructions (?:for|to)\b|\bend of (?:the )?(?:user )?(?:message|input|prompt|"
        r"conversation|text)\b|\bnew task ?:|"
        r"\bneue (?:aufgabe|anweisung) ?:|\bnew instructions for\b|\bantworte (?:nur|"
        r"ausschließlich) (?:mit|auf|in)\b",
    ),
)
"""Each with its weight; :mod:`scoring.injection` adds them up by paragraph."""
