"""Examples of the OpenAPI document: leads and changes as people send them."""

from collections.abc import Mapping
from typing import Any

Examples = dict[str, Any]

LEAD: Mapping[str, Any] = {
    "lead_id": "web-2026-1042",
    "created_at": "2026-11-20T08:12:00Z",
    "source": "referral",
    "locale": "en-US",
    "contact": {
        "full_name": "Dana Whitfield",
        "email": "dana.whitfield@example.com",
        "phone": "+15035550142",
        "preferred_channel": "phone",
    },
    "service": "landscape_design",
    "budget": {"amount_min": 18000, "amount_max": 25000, "currency": "USD"},
    "area_m2": 350,
    "timeline": "1_3_months",
    "location": {"postal_code": "97209", "country": "US"},
    "decision_role": "owner",
    "message": "We'd like to redo the back yard. Could someone visit next week?",
    "consent": {"email": True, "sms": True},
}

LEAD_EXAMPLES: Examples = {
    "complete": {"summary": "A referral with everything", "value": LEAD},
    "sparse": {
        "summary": "A web form with little in it",
        "value": {
            "source": "website_form",
            "contact": {"email": "mrivera@example.com"},
            "service": "lawn_care",
            "message": "how much for mowing??",
        },
    },
    "german": {
        "summary": "A German form, phone in local form",
        "value": {
            "source": "website_form",
            "locale": "de-DE",
            "contact": {"full_name": "Jürgen Hölzl", "phone": "030 23125042"},
            "service": "garden_maintenance",
            "budget": {"amount_max": 180, "currency": "EUR", "period": "month"},
            "location": {"postal_code": "10405", "country": "DE"},
            "message": "Wir suchen ab sofort jemanden für die Gartenpflege.",
        },
    },
}

PATCH_EXAMPLES: Examples = {
    "status": {"summary": "A visit is booked", "value": {"status": "visit_booked"}},
    "budget": {
        "summary": "The person named a budget",
        "value": {"budget": {"amount_max": 9000, "currency": "EUR"}},
    },
    "remove": {"summary": "Remove a value", "value": {"timeline": None}},
}

EVENT_EXAMPLES: Examples = {
    "reply": {"summary": "The person replied", "value": {"type": "reply"}},
    "opt_out": {
        "summary": "No more text messages",
        "value": {"type": "opt_out", "channel": "sms", "at": "2026-11-22T09:00:00Z"},
    },
}

OVERRIDE_EXAMPLES: Examples = {
    "not_spam": {
        "summary": "A person says that it is no spam",
        "value": {"gate": "spam", "by": "marta", "reason": "I know the sender"},
    }
}

TASK_EXAMPLES: Examples = {
    "follow_up": {
        "summary": "Draft a follow-up when there is time",
        "value": {
            "kind": "follow_up",
            "lead_id": "web-2026-1042",
            "payload": {"stage": "second_touch", "channel": "email"},
        },
    },
    "stored": {
        "summary": "Analyse a stored lead again",
        "value": {"kind": "lead_analysis", "lead_id": "web-2026-1042", "priority": "high"},
    },
    "new": {
        "summary": "Take in a lead and analyse it when there is time",
        "value": {"kind": "lead_analysis", "lead": LEAD, "priority": "low"},
    },
}

BATCH_EXAMPLES: Examples = {
    "two": {
        "summary": "Two stored leads",
        "value": {
            "items": [
                {"kind": "lead_analysis", "lead_id": "web-2026-1042"},
                {"kind": "lead_analysis", "lead_id": "web-2026-1043", "priority": "low"},
            ]
        },
    }
}

FOLLOW_UP_EXAMPLES: Examples = {
    "first_reply": {
        "summary": "A first reply by the best open channel",
        "value": {"lead_id": "web-2026-1042"},
    },
    "chosen": {
        "summary": "A formal reminder of a quote, by e-mail",
        "value": {
            "lead_id": "web-2026-1042",
            "stage": "quote_reminder",
            "channel": "email",
            "tone": "formal",
            "language": "en",
        },
    },
}

APPROVE_EXAMPLES: Examples = {
    "seen": {"summary": "The version that was shown", "value": {"by": "marta", "version": 1}}
}

REJECT_EXAMPLES: Examples = {
    "reason": {
        "summary": "Somebody called already",
        "value": {"by": "marta", "reason": "we spoke on the phone this morning", "version": 1},
    }
}

EDIT_EXAMPLES: Examples = {
    "email": {
        "summary": "Another text, the subject as it was",
        "value": {
            "by": "marta",
            "version": 1,
            "body": "Hello Dana,\n\nthank you for writing. Does Tuesday suit you?\n\nMarta",
        },
    }
}

RESULTS_EXAMPLES: Examples = {
    "two": {
        "summary": "Wait up to half a minute for the first of two",
        "value": {
            "task_ids": [
                "0199ab5c-0000-7000-8000-000000000001",
                "0199ab5c-0000-7000-8000-000000000002",
            ],
            "wait_s": 30,
        },
    }
}

REPLAY_ONE_EXAMPLES: Examples = {
    "plain": {"summary": "As soon as it is its turn", "value": {}},
    "deadline": {"summary": "Within the hour, or not at all", "value": {"deadline_ms": 3_600_000}},
}

REPLAY_EXAMPLES: Examples = {
    "lost": {
        "summary": "Analyses whose agents died",
        "value": {"kind": "lead_analysis", "code": "agent_lost"},
    },
    "dry": {
        "summary": "See what would be queued",
        "value": {"state": "expired", "dry_run": True},
    },
}

WEBHOOK_EXAMPLES: Examples = {
    "ends": {
        "summary": "Every end of an analysis",
        "value": {"url": "https://example.com/hooks/gardenos", "kinds": ["lead_analysis"]},
    }
}

WEBHOOK_CHANGE_EXAMPLES: Examples = {
    "dead": {
        "summary": "Only what somebody must look at",
        "value": {"types": ["task.dead", "task.failed"]},
    }
}

DELIVERY_REPLAY_EXAMPLES: Examples = {
    "dead": {"summary": "All that were given up", "value": {"state": "dead"}}
}
