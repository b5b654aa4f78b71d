"""Signs of spam, English and German; weights add up in :mod:`scoring.unwanted`."""

from scoring.phrases.phrase import UP_TO_2, UP_TO_4, phrase
from scoring.phrases.signal import GARDEN_ANCHORS, GARDEN_WORDS, Signal, signal

SPAM_SIGNALS: tuple[Signal, ...] = (
    signal(
        "says you won",
        3,
        phrase(
            None,
            "ausgelost|gezogen|ausgewählt",
            r"\b(?:nummer|e-?mail(?:-adresse)?|adresse|name) (?:wurde|"
            r"ist) (?:\w{1,10} )?(?:ausgelost|gezogen|ausgewählt)\b",
        ),
        phrase(
            None,
            "won|win|award|selected|chosen|winner|gewonnen|gewinner|prize",
            r"\b(?:(?:you|u|ur|you['\u2019]ve|u['\u2019]ve|has|have|number|mobile|"
            r"no\.?)(?: have| has| been| were| are| a)* "
            r"(?:won|awarded|winner|(?:specially |been |randomly )?(?:selected|chosen) (?:to|as|"
            r"for))|"
            r"(?:to|2|can|could|chances? to|2 )(?:be )?win\b|winn?er!|prize (?:winner|draw)|"
            r"you win|"
            r"(?:sie haben|du hast|haben sie) (?:\w{1,12} ){0,5}gewonnen|(?:glücklicher?|"
            r"sind der) gewinner)",
        ),
    ),
    signal(
        "prize or gift",
        2,
        phrase(
            None,
            "warten auf sie|gehören ihnen|airdrop",
            r"(?:\u20ac|euro|eur) (?:warten auf sie|gehören ihnen)|\bairdrop\b",
        ),
        phrase(
            None,
            "prize|jackpot|lotter|gift card|giftcard|voucher|reward|bonus|award|gewinn|"
            "gutschein|lotto|sweepstake|guaranteed",
            r"\b(?:prizes?|jackpot|lotter(?:y|ies)|gift ?cards?|vouchers?|rewards?|bonus|award|"
            r"gewinnspiel|hauptgewinn|"
            r"(?:\w{1,16})?gutschein(?:karte)?|lotto(?:gewinn)?|sweepstakes?|"
            r"\u00a3\d{2,6} (?:cash|award|"
            r"prize))\b",
        ),
    ),
    signal(
        "presses to claim or answer at once",
        2,
        phrase(
            None,
            "claim|now|urgent|expire|today|valid|collect|attempt|last chance|immediately|"
            "sofort|jetzt",
            r"\b(?:(?:to|2|please|now|your|you|ur|code) ?claim\w{0,3}|claim (?:now|it|your|ur|"
            r"code|is|no|by|\w{1,10} (?:now|call))|"
            r"(?:call|txt|text|reply|click|act|order|apply|join|buy|ring|send|sign up|register|"
            r"order|subscribe) (?:(?!me\b|us\b)\w{1,12} )?now\b|"
            r"(?:offer|code|claim|points?) (?:\w{1,10} )?(?:expires?|ends|valid)|"
            r"valid ?(?:\d{1,2} ?hrs?|12)|(?:2nd|3rd|final|last|second) (?:attempt|chance|"
            r"notice|warning)|"
            r"limited (?:time|offer|spots)|urgent!|attempt to contact|jetzt (?:klicken|sichern|"
            r"anmelden|abholen|registrieren)|nur heute)",
        ),
    ),
    signal(
        "asks for a keyword to a short number",
        3,
        phrase(
            None,
            "txt|text|send|reply|msg|stop|sms",
            r"\b(?:txt(?:ing)?|text|send|reply|msg|sms)\b[:,]?[^.!?\n]{0,50}?\b(?:to|2|on|"
            r"at)\b:? ?(?:no\.?:? ?)?\d{4,6}\b|"
            r"\b(?:txt|text|reply|send|msg|to|2|with)[\s:\"']{1,3}stop\b|\bstop ?(?:to|2|txt|"
            r"text|send)\b|\bto (?:opt ?-?out|unsubscribe)\b|\breply end\b"
            r"|\b(?:txt|text|reply)(?:ing)?(?: with| back| back with)?[\s:\"'-]{1,3}(?:yes|no|"
            r"win|go|free|claim|chat|date|hot|call|music|wap|tone|"
            r"play|code|name|cash|more|help|ok|y)\b",
        ),
    ),
    signal(
        "prices a message or a minute",
        3,
        phrase(
            None,
            "p/|p per|ppm|pmin|/min|/msg|/wk|/week|std|t&c|tsandcs|ts&cs|18+|16+|over18|p a |"
            "per msg|pm|charge|cost|pence|\u00a31|\u00a33|rate",
            r"(?:\b\d{1,3} ?(?:p|pence|ppm)\b ?(?:/|per|a|p|x)? ?\d{0,2}(?:min|msg|mt|message|"
            r"day|wk|week|sms|txt|text|call|sub|pm)?"
            r"|\u00a3\d(?:\.\d\d)? ?(?:/|per|pw|p)\s?(?:min|msg|wk|week|day|sms|txt|text|call|"
            r"month|sub)?\b|"
            r"\b(?:std|standard|normal|network|nat|national) (?:txt |text |network |sms |msg |"
            r"call )?(?:rates?|charges?|chrgs?|opr)|\bt['s&]{0,2}s? ?(?:&|and|"
            r"n) ?c['s]{0,2}s?\b|\b(?:16|18|over ?18|16yrs|18yrs)\s?\+|"
            r"\b(?:ppm|pmin|p/min|max ?\d{1,2} ?mins?|18 ?(?:yrs|only)|box ?\d{3,5}))",
        ),
    ),
    signal(
        "asks to ring a number that costs extra",
        2,
        phrase(
            None,
            "09|087",
            r"\b(?:call|ring|phone|ph|tel|dial|"
            r"on)\b[^.!?\n\d]{0,40}(?:09\d{2}[ -]?\d{3}[ -]?\d{4}|"
            r"087[0-3][ -]?\d{3}[ -]?\d{4})(?!\d)",
        ),
    ),
    signal(
        "tells of waiting messages, points or statements",
        2,
        phrase(
            None,
            "message|voicemail|matches|statement|points|code",
            r"\b(?:(?:\d{1,3}|new|urgent|unread) (?:\w{1,8} )?(?:messages?|voicemails?|"
            r"matches)(?: is| are)? ?(?:waiting|in|\.|,|please)|account statement|"
            r"(?:un-?redeemed|bonus|loyalty|reward) (?:\w\.? ?){0,4}points|identifier code|"
            r"urgent message)",
        ),
    ),
    signal(
        "free things of the kind that are not",
        2,
        phrase(
            None,
            "free",
            r"\bfree!?:? ?(?:\w{1,12} )?(?:entry|ringtones?|tones?|msg|message|phone|mobile|"
            r"nokia|camera|camcorder|video|game|gift|"
            r"text|txts?|sms|minutes|mins|ticket|holiday|membership|polys?|weekly|credits?|ipod|"
            r"iphone|music|download|trial|cash|"
            r"spins?|bitcoin|sample|access|number|bluetooth|nights?|sex\w*|porn|stuff|delivery|"
            r"call)\b|\b(?:free(?:msg|fone|phone)|4 ?free|for free\b[!])|gratis",
        ),
    ),
    signal(
        "goods of mass messages",
        2,
        phrase(
            None,
            "tone|nokia|camera|wap|poly|mobile|holiday|cash|phone|upgrade|subscri|cam|handset|"
            "logo|dvd|sim|cruise|credits|flights|game|quiz|club",
            r"\b(?:ringtones?|(?:poly|real|mono)(?:phonic)?s? ?tones?|nokia|motorola|"
            r"sonyericsson|camcorder|camera ?phone|wap(?:\.|\b)|colou?r (?:mobile|phone)|"
            r"mobile (?:update|upgrade|phone|content|club|customer|club)|latest (?:mobiles?|"
            r"phones?|colou?r|nokia|\w{1,9} phone)|handset|(?:orange|vodafone|o2|"
            r"t-?mobile) (?:customer|mins|user)|video (?:phones?|handset)|holiday (?:cash|"
            r"voucher|for)|"
            r"(?:ibiza|tenerife|caribbean|costa) |logos?(?: &| and|/)|subscri(?:bed?|ber|"
            r"ption)\b|quiz|cash (?:prize|award|balance|await)|\d{3,5} cash|(?:double|"
            r"half price|unlimited) (?:mins|texts|line|txt)|line rental|"
            r"customer services? (?:announcement|representative))",
        ),
    ),
    signal(
        "sells intimacy",
        4,
        phrase(
            None,
            "hook|sugar|escort|horny|porn|sex|discreet|hot |nude|xxx",
            r"\b(?:hookups?|sugar (?:mummy|mommy|daddy|baby)|escort (?:services?|girls?|agency)|"
            r"horny|porn\w{0,5}|"
            r"sex(?:y|ual)? (?:chat|pics|girls|babes|texts?|contacts?|line)|discreet (?:fun|"
            r"meet\w{0,4}|encounters?)|"
            r"hot (?:singles|girls|babes|ladies)|nudes|xxx ?(?:pics|movies|videos))\b",
        ),
    ),
    signal(
        "adult or dating",
        3,
        phrase(
            None,
            "sex|xxx|laid|dogging|hardcore|partner|horny|dating|date|singles|porn|adult|flirt|"
            "babe|girls|escort|naughty|lonely|hot |fancy|sexy|chat|secret|admirer|meet|nude",
            r"\b(?:sex\w{0,4}|"
            r"get laid|dogging|hardcore|dating|flirt\w{0,5}|singles|naked|"
            r"nude|(?:hot|sexy|local|lonely|real|young) (?:girls?|babes?|ladies|"
            r"women|milfs?|singles|chicks|guys|gay)|adult (?:content|chat|fun|dating)|"
            r"(?:secret )?admirer|fancies (?:you|u)|(?:dream|perfect) partner|(?:gay|live|"
            r"dirty|sexy|18|adult) (?:\w{1,9} )?chat|chat (?:line|service|2|with|up)|"
            r"naughty|fancy (?:a |some )?(?:chat|fun|flirt|shag)|match(?:ed|"
            r"es)? (?:with|u|you) )",
        ),
    ),
    signal(
        "gambling, coins or loans",
        3,
        phrase(
            None,
            "invest",
            r"\binvest(?:ieren sie)? (?:only |just |nur )?[$\u20ac\u00a3]?\s?\d{2,6}\b",
        ),
        phrase(
            None,
            "crypto|bitcoin|casino|forex|invest|loan|kredit|betting|profit|earn|passive|income|"
            "poker|slots|trading|krypto|btc|options|schufa|debt",
            r"\b(?:crypto ?(?:currency|currencies|coins?|trading|investments?|wallet|signals)?|"
            r"bitcoins?|btc|casino|forex|poker|slots|betting tips|binary options|"
            r"(?:instant|quick|payday|personal|pre-?approved|cash) loans?|kredit ohne|"
            r"ohne schufa|sofortkredit|trading (?:platform|bot|signals)|"
            r"investitionsmöglichkeit|krypto\w{0,12}|"
            r"return on (?:your )?investment|debts? (?:relief|free|consolidation))\b",
        ),
    ),
    signal(
        "promises quick money",
        3,
        phrase(
            None,
            "earn|verdien",
            r"\b(?:earn(?:ing)? [^.!?\n]{0,24}\b(?:per|a|every|each) (?:day|week|month|hour)|"
            r"verdien(?:en sie|e|st du) [^.!?\n]{0,24}\b(?:pro|am|im|jeden) (?:tag|woche|monat|"
            r"stunde))\b",
        ),
        phrase(
            None,
            "profit|return|income|money|earn|rich|verdien|einkommen|invest",
            r"\b(?:(?:guaranteed|daily|weekly|huge|high) (?:profits?|returns?|income|earnings)|"
            r"double your (?:money|bitcoin|investment|savings)|passive(?:s)? (?:income|einkommen)|"
            rf"earn {UP_TO_4}(?:per|a|every|from) (?:day|week|month|home|hour)|"
            r"make (?:\w{1,8} )?money (?:online|from home|fast|now)|get rich|geld verdienen|"
            r"(?:euro|\u20ac|\$) ?(?:\d{2,6} )?(?:pro|per|a) (?:tag|woche|week|day) (?:von|"
            r"from) )\b|"
            r"[$\u20ac\u00a3]\s?\d{2,6}(?:/|\sper\s|\sa\s)(?:day|week|tag|woche) guaranteed",
        ),
    ),
    signal(
        "account or parcel in danger",
        3,
        phrase(
            None,
            "paket|limited|sendung",
            r"\b(?:(?:ihr|dein)e? (?:paket|sendung) (?:wartet|liegt|steht|hängt|wurde angehalten)|"
            r"(?:your|ur) (?:paypal|bank|card|apple|amazon|netflix|"
            r"account) (?:\w{1,8} ){0,2}(?:limited|on hold|locked))\b",
        ),
        phrase(
            None,
            "account|password|parcel|package|bank|paypal|konto|paket|verify|suspend|delivery|"
            "zustell|card|identity",
            rf"\b(?:(?:verify|confirm|update|validate|unlock|restore|reactivate) (?:your|ur|"
            rf"the) {UP_TO_2}(?:account|password|identity|details|bank|card|payment|information)|"
            rf"(?:your|ur) {UP_TO_4}(?:account|card|mailbox|password|paypal|apple id|"
            rf"access) (?:\w{{1,10}} ){{0,2}}(?:suspended|locked|limited|blocked|expire[sd]?|"
            rf"restricted|disabled|compromised|deactivated)|"
            r"(?:parcel|package|delivery|shipment) (?:\w{1,12} ){0,6}(?:fee|held|pending|failed|"
            r"customs|redelivery|reschedule|could not be)|"
            r"(?:ihr|dein) (?:\w{1,12} ){0,2}konto (?:\w{1,12} ){0,3}(?:gesperrt|eingeschränkt|"
            r"verifizieren|bestätigen)|"
            r"(?:\w{2,16}-)?konto (?:wurde|ist|wird) (?:\w{1,14} )?(?:gesperrt|eingeschränkt)|"
            r"(?:ihr|dein) paket (?:\w{1,12} ){0,6}(?:zoll|gebühr|zugestellt|bestätigen|"
            r"zurückgehalten))\b",
        ),
    ),
    signal(
        "a fortune to share",
        4,
        phrase(
            None,
            "million|inheritance|next of kin|fund|beneficiary|erbschaft|barrister|prince|"
            "deceased|diplomat",
            r"\b(?:next of kin|inheritance (?:fund|of|claim)|unclaimed (?:fund|inheritance|"
            r"estate|money)|barrister|erbschaft von|beneficiary (?:of|to)|"
            r"(?:transfer|sum|amount|fund|donat\w{1,4}) (?:\w{1,12} ){0,5}(?:usd|\$|\u20ac|eur|"
            r"\u00a3|gbp)? ?[\d.,]{1,12} ?(?:million|mio)|(?:late|deceased) (?:client|husband|"
            r"customer)|"
            r"confidential (?:business )?(?:proposal|transaction)|compensation fund)",
        ),
    ),
    signal(
        "medicines and miracles",
        4,
        phrase(
            None,
            "viagra|cialis|pills|pharmacy|weight|miracle|supplement|keto|cbd|potenz|abnehm|meds",
            r"\b(?:viagra|cialis|cheap (?:meds|pills)|online pharmacy|(?:diet|weight loss|"
            r"slimming) (?:pills?|patch|supplement|formula|secret)|lose \d{1,3} ?(?:lbs|pounds|"
            r"kg)|miracle (?:cure|pill)|keto gummies|cbd (?:oil|gummies)|potenzmittel|"
            r"no prescription|erectile|(?:\w{1,8} )?meds online)\b",
        ),
    ),
    signal(
        "a link",
        1,
        phrase(
            None,
            "http|www.|.com|.co.uk|.net",
            r"(?:https?://|www\.|\b[a-z0-9-]{2,40}\.(?:com|net|co\.uk|info|biz|xyz|top|tk)\b)",
        ),
    ),
    signal(
        "a link that hides where it leads",
        1,
        phrase(
            None,
            "bit.|tinyurl|t.co|goo.gl|is.gd|http",
            r"(?:\b(?:bit\.[a-z]{2,8}|tinyurl\.com|goo\.gl|is\.gd|t\.co|cutt\.ly|ow\.ly|rb\.gy|"
            r"shorturl\.at)/|https?://\d{1,3}\.\d{1,3}\.|"
            r"https?://[\w.-]{3,60}\.(?:xyz|top|tk|click|icu|loan|win|gq|cf)\b)",
        ),
    ),
    signal("speaks of a garden", -3, phrase(None, GARDEN_ANCHORS, GARDEN_WORDS)),
)
"""Signs of spam."""
