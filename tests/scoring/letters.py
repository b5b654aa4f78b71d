"""Whole messages, and some of what each says; None for what it does not say."""

from pydantic import JsonValue

LETTERS: tuple[tuple[str, str, dict[str, JsonValue]], ...] = (
    (
        "US",
        (
            "Hi there! I'm Sarah, we moved into 412 Oak St last month (yes, we're the proud "
            "owners!). Looking to have the ~1/3 acre backyard completely redone: new sod, a "
            "14x20 ft patio, maybe a fire pit. Thinking somewhere in the ballpark of 30 to 40 "
            "thousand dollars. Ideally done before July 4th. Best to text me, I'm a nurse on "
            "night shifts. My cell is 971-555-0133."
        ),
        {
            "decision_role": "owner",
            "area_m2": 1349,
            "start_date": "2027-07-04",
            "phone": "+19715550133",
            "preferred_channel": "sms",
        },
    ),
    (
        "US",
        (
            "Property mgr for 3 apartment complexes in Beaverton. Current vendor's contract "
            "ends Dec 31. Need bids for weekly mowing + leaf cleanup, approx 6.2 acres "
            "combined, budget ~$4,200/mo. Bids due 12/11. Site walk required."
        ),
        {
            "decision_role": "property_manager",
            "recurring": True,
            "area_m2": 25090.5,
            "decision_date": "2026-12-11",
        },
    ),
    (
        "DE",
        (
            "Hallo, für unser Reihenhaus (Eigentum) brauchen wir einen Gärtner, der sich alle "
            "3 Wochen um ca. 90qm Garten kümmert. Budget 120-150€ monatlich. Am besten "
            "erreicht man mich vormittags unter 0176 12345678. LG"
        ),
        {
            "recurring": True,
            "area_m2": 90,
            "phone": "+4917612345678",
            "service": "garden_maintenance",
        },
    ),
    (
        "DE",
        (
            "Sehr geehrte Damen und Herren, die WEG Lindenstraße 12, 12209 Berlin, sucht zum "
            "01.04.2027 einen neuen Dienstleister für die Pflege der Außenanlagen (rund 2.300 "
            "m²). Die Eigentümerversammlung entscheidet am 18. Januar. Bitte senden Sie Ihr "
            "Angebot bis 10.01. an verwaltung@weg-linden.example. Wir vergleichen mehrere "
            "Angebote."
        ),
        {
            "postal_code": "12209",
            "area_m2": 2300,
            "decision_date": "2027-01-10",
            "decision_role": "committee",
            "competitors": True,
            "start_date": "2027-04-01",
        },
    ),
    (
        "GB",
        (
            "Alright mate, need the hedges done, prob 30m worth, got about 250 quid, can do "
            "weekends or after half 5. no emails pls just ring. ta"
        ),
        {"opt_out_channels": ["email"], "service": "hedge_trimming"},
    ),
    (
        "GB",
        (
            "We're tenants but the landlady is paying. Lawn approx 6m by 9m, needs returfing "
            "in the spring. Budget under £1,000."
        ),
        {"decision_role": "tenant", "area_m2": 54, "service": "lawn_installation"},
    ),
    (
        "US",
        (
            "The grass at my rental property is getting long. I'm the owner but live out of "
            "state. 8,000 sq ft lot. Willing to spend up to $90 per cut."
        ),
        {"decision_role": "owner", "area_m2": 743.2, "budget": None},
    ),
    (
        "US",
        (
            "We'd love to start right after New Year's. Budget is flexible but ideally below "
            "12K. Could you swing by on Saturday? Pics attached!"
        ),
        {"visit_requested": True, "attachments_mentioned": True, "decision_role": None},
    ),
    (
        "DE",
        (
            "Wir möchten im nächsten Frühjahr unsere Terrasse (5 x 4 m) neu pflastern lassen. "
            "Kostenrahmen 6-8 T€. Mein Mann und ich sind Eigentümer. Bitte nicht anrufen, ich "
            "arbeite nachts - lieber per WhatsApp 0151 23456789."
        ),
        {
            "start_date": "2027-03",
            "area_m2": 20,
            "opt_out_channels": ["phone"],
            "preferred_channel": "whatsapp",
            "service": "paving",
        },
    ),
    (
        "US",
        ("Not ready yet - maybe fall 2027. Just collecting ideas. No budget set. We rent."),
        {"decision_role": "tenant", "budget": None},
    ),
    (
        "US",
        (
            "Our HOA board will pick a vendor at the Feb 3 meeting. We have 3 other bids. "
            "Roughly 150,000 square feet of turf."
        ),
        {
            "decision_date": "2027-02-03",
            "competitors": 3,
            "area_m2": 13935.5,
            "decision_role": "committee",
        },
    ),
    (
        "DE",
        (
            "Unser Vermieter zahlt. Hecke muss dringend geschnitten werden, ca 15 m. Bitte "
            "Rückruf ab 16 Uhr, nicht am Wochenende."
        ),
        {
            "decision_role": "tenant",
            "timeline": "asap",
            "callback_after": "16:00",
            "callback_days": None,
            "service": "hedge_trimming",
        },
    ),
    (
        "US",
        ("Please stop calling. Email me instead at jo@example.org."),
        {"opt_out_channels": ["phone"], "preferred_channel": "email", "callback": None},
    ),
    (
        "US",
        (
            "we got your flyer. 2 acre property. how much per month for mowing every other "
            "week april thru october"
        ),
        {"area_m2": 8093.7, "recurring": True, "service": "lawn_care", "budget": None},
    ),
    (
        "US",
        (
            "I inherited my mother's home and own it now. Tree removal, 2 big oaks. Insurance "
            "is paying $3,500. Need by 12/15."
        ),
        {"service": "tree_removal", "budget": None, "start_date": "2026-12-15"},
    ),
)
"""Country, message, facts by name."""
