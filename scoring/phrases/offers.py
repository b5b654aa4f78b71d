"""Signs of somebody who sells to the business; weights add up in :mod:`scoring.unwanted`."""

from scoring.phrases.phrase import UP_TO_2, phrase
from scoring.phrases.signal import GARDEN_WORDS, Signal, signal

_BUSINESS = (
    r"(?:web ?site|site|online presence|business|company|google (?:ranking|listing|profile|"
    r"reviews|business)\w{0,2}|rankings?|"
    r"brand|sales|revenue|traffic|customer base|seo|social media|webpage|facebook page|practice|"
    r"firm|team|"
    r"leads|marketing|blog|clients|workforce)"
)

SOLICITATION_SIGNALS: tuple[Signal, ...] = (
    signal(
        "addresses a business",
        1,
        phrase(
            None,
            "owner|sir|webmaster|manager|team|decision|damen und herren|inhaber|geschäft|"
            "entrepreneur|partner|marketing",
            r"\b(?:business owners?|site owners?|website owners?|dear (?:sir|business|webmaster|"
            r"owner|manager|partner|team|website)|web ?master|decision[- ]makers?|"
            r"marketing (?:manager|director|team)|(?:sehr geehrte[rn]?|liebe[rn]?|"
            r"hallo) (?:\w{1,16} )?(?:inhaber|geschäftsführ|unternehmer|"
            r"webseitenbetreiber)\w{0,5}|"
            r"person in charge|whom it may concern|business partner)\b",
        ),
    ),
    signal(
        "speaks of your website or business",
        1,
        phrase(
            None,
            "your |ihr|euer|eure|like yours",
            rf"\b(?:(?:your|ur) {UP_TO_2}{_BUSINESS}\b|(?:ihr|"
            rf"eure?)(?:e[rnms]?)? {UP_TO_2}(?:web ?seite|website|homepage|firma|unternehmen|"
            rf"betrieb|"
            rf"internetseite|blog|"
            r"webauftritt|online-?präsenz|umsatz|umsätze|google-?\w{0,14}|sichtbarkeit)\b|"
            r"(?:compan(?:y|ies)|business(?:es)?|firms?) like yours)",
        ),
    ),
    signal(
        "speaks to the whole trade",
        2,
        phrase(
            None,
            "help |helfen|serve|work with",
            r"\b(?:help(?:s|ed|ing)?|serve|work with|support) (?:\w{1,12} ){0,2}(?:landscapers|"
            r"gardeners|contractors|tradespeople|"
            r"(?:landscap\w{2,4}|garden\w{0,3}|small|local) (?:compan|business|firm)\w{1,4})\b",
        ),
        phrase(
            None,
            "for |landscap|contractor|betriebe|handwerk|businesses|companies",
            r"\b(?:for (?:your |all |small |local |home service )*(?:landscapers|gardeners|"
            r"contractors|"
            r"landscap\w{2,4} (?:compan|business|contractor|firm)\w{0,4}|"
            r"(?:small|local) business(?:es)?|trades(?:people|men)?|service businesses)|"
            r"(?:companies|businesses|contractors|landscapers|gardeners) like (?:you|yours)|"
            r"(?:landscaping|garden|gardening) jobs|"
            r"(?:für|von|an) (?:\w{1,14} )?(?:handwerks|gartenbau|galabau|"
            r"landschaftsbau)-?betrieben?|"
            r"hilft (?:gartenbau|galabau|handwerks)-?betrieben)\b",
        ),
    ),
    signal(
        "sells visibility or marketing",
        3,
        phrase(
            None,
            "explainer|podcast|directory|sponsor|website design|app dev|advertis|bei google|"
            "logo|listed",
            r"\b(?:explainer videos?|business director(?:y|ies)|(?:get|have) (?:your (?:company|"
            r"business) )?listed|"
            r"(?:our|a|the) podcast|sponsorships?|web ?site design|app development|advertis(?:e|"
            r"ing) (?:with|on|in) |"
            r"(?:platz|seite) (?:1|eins) (?:bei|auf) google|logo design)\b",
        ),
        phrase(
            None,
            "developer|designer|webs|dofollow|do-follow|blog|google ads|social media|your site|"
            "link",
            r"\b(?:(?:freelance |professional )?web ?-?(?:developer|designer)s?|"
            r"(?:moderne|neue|professionelle|günstige) (?:web ?seiten?|websites?|homepages?)|"
            r"(?:guest|sponsored) (?:post|article)s?|do-?follow|link (?:exchange|building|"
            r"insertion)s?|"
            r"your (?:web ?)?site (?:looks|is|seems|could|needs|has) (?:\w{1,12} ){0,2}"
            r"(?:outdated|old|slow|dated|better|faster|errors|issues|not ranking|invisible)|"
            r"(?:facebook|instagram|google|tiktok) ads)\b",
        ),
        phrase(
            None,
            "seo|backlink|rank|google|page one|first page|web design|web develop|website|"
            "social media|lead gen|leads|marketing|traffic|"
            "suchmasch|neukunden|kundengewinn|webdesign|werbeanzeigen|reviews|bewertungen|"
            "followers|guest post|email list|ads|facebook|app dev|reichweite|kundenanfragen|"
            "domain",
            r"\b(?:seo|back ?-?links?|search engine (?:optimi[sz]ation|ranking)|(?:#|no\.? ?|"
            r"number )1 (?:on|in|at) google|(?:rank|ranking|top|appear|show|page (?:1|one)|"
            r"first page) (?:\w{1,10} ){0,3}(?:on|in|of|at) google|"
            r"google (?:rankings?|ads|adwords|first page|top)|web ?-?(?:design|"
            r"development) (?:services?|agency|company|packages?|team)|(?:redesign|build|"
            r"rebuild|develop|improve|optimi[sz]e) (?:\w{1,10} ){0,3}(?:your|a new|new|"
            r"you a) (?:\w{1,10} )?(?:web ?site|homepage|app)|"
            r"social media (?:marketing|management|manager|posts|agency|growth)|lead gen\w{0,8}|"
            r"(?:qualified|exclusive|fresh|verified|more|new|quality|pre-?qualified|b2b|"
            r"landscaping|guaranteed) (?:\w{1,12} )?(?:leads|appointments)|(?:digital|online|"
            r"email|internet|content|video|performance)[- ]?marketing|"
            r"(?:web ?site|organic|targeted) (?:traffic|visitors)|(?:buy|real|more|get|new|"
            r"\d{1,6}) (?:\w{1,10} )?(?:followers|(?:5|five)-star reviews|google reviews|"
            r"5-star reviews)|guest posts?|(?:email|mailing|contact) (?:lists?|database) (?:of|"
            r"for|with)|"
            r"explainer videos?|mobile apps? (?:development|for)|suchmaschinen\w{0,14}|"
            r"seo-\w{2,14}|neukunden(?:gewinnung)?|kundengewinnung|(?:mehr|neue|"
            r"qualifizierte) (?:kunden|anfragen|aufträge|leads|reichweite|besucher)|"
            r"webdesign|google-?(?:ranking|bewertungen|anzeigen|ads|platzierung)|"
            r"(?:social-?media|online|facebook|performance)-?(?:marketing|werbung|kampagnen?|"
            r"betreuung)|werbeanzeigen|homepage (?:erstellen|erstellung))\b",
        ),
    ),
    signal(
        "sells staff, money, software or supplies",
        3,
        phrase(
            None,
            "we buy|tracking|arbeitskleidung|berufskleidung|card fees|workwear|leasing",
            r"\b(?:we buy (?:used|old|your|all)|(?:gps|vehicle|fleet) (?:\w{1,9} )?track(?:ing|"
            r"ers?)|card fees|workwear|"
            r"(?:arbeits|berufs)kleidung|leasingangebote?|wir kaufen (?:gebrauchte|ihre|alte))\b",
        ),
        phrase(
            None,
            "manufactur|export|funding|insurance|vermitteln|software|supplier|hersteller|"
            "credit|gärtner|waren|personal",
            r"\b(?:we (?:\w{1,10} )?(?:manufacture|export|import|wholesale)|"
            r"(?:manufactur\w{2,4}|factory) (?:in|from|and)|"
            r"export(?:s|ing)? (?:worldwide|to|globally)|\bin funding|(?:business|startup|"
            r"equipment|instant) (?:funding|financing)|"
            r"bad credit|same-day (?:approval|funding)|(?:business|company) insured|"
            r"software (?:for|that|to) |"
            r"(?:recruitment|staffing|temp|employment) agency|"
            r"vermitteln (?:\w{1,16} ){0,2}(?:gärtner|fachkräfte|personal|mitarbeiter|arbeiter|"
            r"arbeitskräfte|azubis)|"
            r"(?:hersteller|lieferant|großhändler|importeur) (?:und|für|aus|von))\b",
        ),
        phrase(
            None,
            "outsourc|virtual assistant|funding|business loan|merchant|staffing|recruit|"
            "software|crm|payroll|bookkeep|wholesale|supplier|manufactur|insurance|"
            "credit line|working capital|card|personal|firmenkredit|fachkräfte|mitarbeiter|"
            "hersteller|lieferant|großhandel|photovoltaik|energie|strom|cleaning|invoice|"
            "answering|fleet|tariff|solar|bewerber|leasing|domain|telefonanlage|photography|"
            "uniform",
            r"\b(?:outsourc\w{1,4}|virtual assistants?|(?:business|working capital|"
            r"small business) (?:loans?|funding|finance|financing|credit)|working capital|"
            r"merchant (?:cash|services|account)|card (?:machines?|terminals?|readers?|"
            r"processing)|"
            r"(?:staffing|recruitment|recruiting) (?:agency|services?|solutions?|company|"
            r"partner)|(?:crm|scheduling|invoicing|field service|job management|business|"
            r"accounting|our) (?:software|platform|app)|payroll (?:services?|provider)|"
            r"bookkeeping (?:services?|firm|team)|"
            r"wholesale (?:prices?|suppl\w{1,5}|rates?)|(?:leading|professional|direct|reliable|"
            r"factory|chinese|china|we are an?|wholesale) (?:\w{1,14} ){0,4}(?:manufacturers?|"
            r"suppliers?|exporters?)|(?:business|commercial|liability|fleet|van|"
            r"trade) insurance (?:quote|rates|premium|cover|polic)\w{0,3}|"
            r"(?:office|commercial|janitorial) cleaning|answering service|call cent(?:er|"
            r"re) (?:services?|agents?)|business (?:energy|electricity|gas|broadband|telephone)|"
            r"fleet (?:tracking|cards?|management)|fuel cards?|"
            r"firmenkredite?|betriebsmittelkredit|personal(?:vermittlung|dienstleist\w{1,5}|"
            r"gewinnung)|(?:qualifizierte )?(?:fachkräfte|mitarbeiter|arbeitskräfte|"
            r"bewerber) (?:aus|für (?:ihr|ihren|ihre))|zeitarbeit|großhandels?\w{0,8}|"
            r"(?:hersteller|lieferant|händler) (?:von|für|aus)|"
            r"buchhaltungs?\w{0,10}|gewerbe-?strom|stromtarif\w{0,2}|factoring|"
            r"leasing-?angebot\w{0,2}|telefonservice|domain(?:s|name)? (?:for sale|"
            r"is available|zu verkaufen))\b",
        ),
    ),
    signal(
        "offers its services",
        2,
        phrase(
            None,
            "we do |represent|we bring|wir bringen|i'm ",
            r"\b(?:we do (?:\w{1,12} ){0,2}(?:design|seo|marketing|development|branding)|"
            r"i represent an? |"
            r"wir bringen (?:ihr|sie|ihre)|i(?:['\u2019]m| am) \w{2,14} (?:from|with|"
            r"at) [\w.-]{2,30},? (?:we|and we)|our (?:card machines|explainer|videos))\b",
        ),
        phrase(
            None,
            "developer|erstellen|manufactur|create|build|write|verkaufen|deliver",
            r"\b(?:i(?:['\u2019]m| am) an? (?:\w{1,14} ){0,3}(?:developer|designer|marketer|"
            r"consultant|freelancer|copywriter|broker|recruiter)|"
            r"(?:i|we) (?:can|could|would|['\u2019]d|love|like|to|"
            r"will) (?:\w{1,10} ){0,3}(?:create|rebuild|redesign|write (?:a|an) (?:guest|"
            r"article)|manage your|automate)|"
            r"wir (?:\w{1,14} )?(?:erstellen|verkaufen|vertreiben|produzieren|entwickeln|beraten)|"
            r"we (?:manufacture|export|sell|build (?:web|app)|automate|fund|lend)|"
            r"our (?:software|tool|app|platform|network))\b",
        ),
        phrase(
            None,
            "we |our |i |wir |unser|ich |they ",
            r"\b(?:we|i|our (?:team|agency|company|experts?|firm|platform|software|clients|"
            r"system)) (?:\w{1,10} ){0,2}"
            r"(?:(?:offer|provide|guarantee|speciali[sz]e|deliver)s?|suppl(?:y|ies)|help(?:s|"
            r"ed)? (?:\w{1,14} ){0,4}(?:business|compan|landscap|contractor|owner|firm|you|"
            r"brand|garden)\w{0,6}|work with (?:\w{1,14} ){0,3}(?:business|compan|landscap|"
            r"contractor|firm|garden)\w{0,6}|"
            r"can (?:\w{1,10} ){0,2}(?:help|get|put|bring|boost|rank|increase|grow|double|save|"
            r"improve|send|deliver|design|build|take|provide|supply|offer) (?:you|your)|noticed|"
            r"came across|(?:just )?(?:visited|reviewed|checked|audited|analy[sz]ed)|"
            r"was (?:looking|browsing)|are an? (?:\w{1,14} ){0,4}(?:agency|company|manufacturer|"
            r"supplier|provider|firm|studio|team))\b|"
            r"\bour (?:services|agency|packages|clients|prices start|solutions?|product(?:s|"
            r" range)?|catalogu?e)\b|\b(?:wir|ich) (?:bieten|biete|helfen|helfe|unterstützen|"
            r"liefern|vermitteln|garantieren|optimieren|"
            r"sind ein(?:e)? (?:\w{1,18} ){0,4}(?:agentur|hersteller|lieferant|anbieter|"
            r"dienstleister|unternehmen))|"
            r"\b(?:bin|sind) (?:\w{1,10} ){0,3}auf ihre (?:web ?seite|website|homepage|"
            r"firma) (?:gestoßen|aufmerksam)|\bunsere (?:agentur|dienstleistungen|leistungen|"
            r"kunden|produkte|lösung)\b",
        ),
    ),
    signal(
        "promises growth",
        2,
        phrase(
            None,
            "clients|customers|jobs|conversion|fees|costs|bills|platz 1|seite 1|reduce",
            r"\b(?:(?:new|more|extra) (?:clients|customers|jobs) (?:monthly|weekly|a month|"
            r"per month|every|each)|"
            r"(?:increase|boost|improve) (?:your )?(?:conversions?|engagement)|"
            r"(?:reduce|cut|lower|slash) your (?:\w{1,12} )?(?:fees|costs|bills|taxes|premiums|"
            r"overheads)|"
            r"auf (?:platz|seite) (?:1|eins))\b",
        ),
        phrase(
            None,
            "double|triple|increase|boost|grow|skyrocket|more customers|10x|scale|save|"
            "guarantee|mehr umsatz|steiger|verdoppel|wachs|senken|sparen|more business|"
            "more jobs|improve|fill your",
            rf"\b(?:(?:double|triple|increase|boost|grow(?:ing)?|skyrocket|scale|improve|10x|"
            rf"expand|maximi[sz]e|fill) (?:your|ur) {UP_TO_2}(?:sales|traffic|revenue|leads|"
            rf"ranking|rankings|business|customers?|bookings|calendar|visibility|income|"
            rf"profits?|presence|conversions?|schedule|turnover)|"
            rf"more (?:customers|clients|sales|calls|jobs|business|bookings|traffic|"
            rf"visitors)\b(?: {UP_TO_2}(?:for|to) you)?|save (?:you |up to |your (?:business|"
            rf"company) )+(?:\d|money|hundreds|thousands|time)|(?:ihren|mehr) umsatz|"
            r"umsatz (?:\w{1,10} )?(?:steigern|verdoppeln)|(?:steigern|verdoppeln|"
            r"erhöhen) sie (?:ihren?|die)|kosten (?:\w{1,10} )?senken|(?:bis zu )\d{1,3} ?(?:%|"
            r"prozent) sparen|guaranteed? (?:results|ranking|leads|roi))\b",
        ),
    ),
    signal(
        "asks for a sales talk",
        2,
        phrase(
            None,
            "free comparison|share your|muster|jetzt|for samples|sponsors",
            r"\b(?:free (?:comparison|listing|quote comparison|sample)|share your (?:number|"
            r"phone|contact)|(?:reply|ask) for (?:samples|details|info)|"
            r"muster kostenlos|kostenlose muster|jetzt (?:termin|angebot|"
            r"beratung) (?:vereinbaren|sichern|anfordern)|jetzt anfragen)\b",
        ),
        phrase(
            None,
            "catalog|try it|free for|apply now|katalog|sign up|kurzen gespräch|"
            "what's your price|your price|rates",
            r"\b(?:(?:see|find|check|attached|view) (?:\w{1,8} ){0,2}catalog(?:ue)?|"
            r"catalog(?:ue)? (?:is )?attached|"
            r"try it (?:free|out|now|today)|free for \d{1,3} (?:days|months)|(?:apply|sign up|"
            r"get started|enrol?l) (?:now|today)|"
            r"unseren? katalog|kurzen? gespräch|what(?:['\u2019]s| is| are) your (?:price|"
            r"rate)s? for (?:a |the )?(?:link|post|article))\b",
        ),
        phrase(
            None,
            "audit|demo|trial|call|chat|interested|reply|zoom|meeting|calendly|gespräch|termin|"
            "analyse|catalog|price list|unsubscribe|opt out|portfolio|abmelden|proposal|sample",
            r"\b(?:free (?:\w{1,12} )?(?:audit|demo|trial|analysis|report|strategy|mockup|"
            r"proposal|consultation call|samples?)|(?:book|schedule|hop on|jump on|set up|"
            r"arrange|have) (?:a|an) (?:\w{1,10} ){0,2}(?:demo|zoom|discovery call|"
            r"strategy call|quick call|short call|intro call|quick chat|brief call|"
            r"15[- ]minute call)|"
            r"(?:10|15|20|30)[- ]min(?:ute)?s? (?:call|chat|demo|meeting|zoom)|"
            r"reply (?:with )?[\"'\u201c]?(?:yes|interested|stop|info|more)|(?:are you|"
            r"if you['\u2019]re|if|would you be|if you are|please let me know if you are|"
            r"you) interested\b|(?:shall|can|may|should|could) (?:i|"
            r"we) send (?:you )?(?:\w{1,8} ){0,3}(?:quote|proposal|price|details|info|audit|"
            r"portfolio|package|sample|catalog)\w{0,4}|"
            r"calendly|(?:our|my) (?:price list|portfolio|calendar link|catalogu?e|rates)|"
            r"(?:click|reply|to) (?:here )?(?:to )?(?:unsubscribe|opt[- ]?out)|"
            r"kostenlose[nrs]? (?:\w{1,14} )?(?:analyse|erstgespräch|demo|strategiegespräch|"
            r"audit|potenzialanalyse|seo-\w{2,10}|testphase|muster)|"
            r"(?:kurzes|unverbindliches|15-minütiges) (?:telefonat|gespräch|erstgespräch|"
            r"kennenlernen)|interesse\?|hätten sie interesse|haben sie interesse|"
            r"hast du interesse)",
        ),
    ),
    signal(
        "advertises a price",
        1,
        phrase(
            None,
            "low cost|affordable|a year|charge|ab ",
            r"\b(?:at (?:a )?(?:low|affordable|unbeatable|best) (?:cost|price|rate)s?|"
            r"affordable (?:prices|rates|packages)|"
            r"(?:charge|from) just \d|ab \d{1,5}(?:,\d\d)? ?(?:\u20ac|euro)|best prices for your)",
        ),
        phrase(
            None,
            "$|\u00a3|\u20ac|% off|discount|rabatt|package|per lead|euro",
            r"(?:\b(?:for (?:just|only)?|(?:just|only|starting (?:at|from)|starts? at|"
            r"as low as|from only|prices from|ab nur|schon ab|nur) )\s?(?:[$\u00a3\u20ac]\s?\d|"
            r"\d{1,6} ?(?:\u20ac|euro|eur|usd|\$))|\d{1,2} ?% (?:off|discount|rabatt|cheaper)|"
            r"(?:per|pro) (?:lead|click|klick|post|backlink|article)|special (?:offer|discount|"
            r"rate)|sonderpreis|no (?:upfront|setup|hidden) (?:cost|fee|payment)s?)",
        ),
    ),
    signal(
        "asks for garden work",
        -3,
        phrase(
            None,
            "need|want|looking|quote|like|help|can you|could you|estimate|price|cost|much|"
            "interested|do you|such|brauch|hätte|möcht|angebot|könn|benötig|kost|please|redo|"
            "would|after",
            r"\b(?:need|needs|want|looking (?:for|to)|quote (?:for|on|to)|estimate (?:for|on|"
            r"to)|would like|(?:i|we)['\u2019]d (?:like|love)|help (?:with|us|me)|(?:can|could|"
            r"would|do|are) (?:you|u|someone|somebody)|price for|cost (?:of|to|for)|how much|"
            r"after a|please|hoping to|have a|"
            r"suchen?|brauchen?|benötigen?|hätten? gerne?|möchten?|angebot (?:für|über|zum|zur)|"
            r"können sie|könnten sie|kostet|was würde|bräuchten?|wünschen?) "
            rf"(?:[\w'\u2019,&-]{{1,24}} ){{0,8}}{GARDEN_WORDS}"
            r"(?! (?:jobs|leads|compan|business|clients|industry|contractors|firms|"
            r"professionals|work for))",
        ),
    ),
    signal(
        "the writer's own house or garden",
        -3,
        phrase(
            None,
            "our |my |mein|unser",
            r"\b(?:our|my|meine?[nrms]?|unsere?[nrms]?) (?:\w{1,14} ){0,2}(?:house|home|garden|"
            r"yard|backyard|lawn|hedges?|trees?|property|patio|fence|place|parents|mother|"
            r"neighbou?rs?|tenants?|"
            r"haus|garten|rasen|hecken?|bäume?|baum|grundstück|terrasse|zaun|nachbar\w{0,3}|"
            r"eltern|wohnung)\b",
        ),
    ),
)
"""Signs of somebody who sells to the business."""
