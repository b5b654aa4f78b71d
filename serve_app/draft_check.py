"""What the checks of drafts say of a text that a person wrote."""

from collections.abc import Callable

from actors.drafting.checks import DraftText, check_text
from actors.drafting.sms import segments
from actors.settings import WritingSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import FollowUp
from domain.lead import Channel, Lead
from scoring.settings import BusinessProfile
from serve_app.approval import Checked, Text

DraftCheck = Callable[[FollowUp, Lead, LeadAnalysis | None, Text], Checked]
"""Looks at a text in the place of the draft's own, with the lead's newest analysis."""


def draft_check(writing: WritingSettings, profile: BusinessProfile) -> DraftCheck:
    """Return the check of texts that are signed as ``writing`` says."""

    def check(draft: FollowUp, lead: Lead, analysis: LeadAnalysis | None, text: Text) -> Checked:
        seen = DraftText(draft.channel, draft.language, text.subject, text.body)
        findings = check_text(seen, lead=lead, analysis=analysis, writing=writing, profile=profile)
        is_sms = draft.channel is Channel.SMS
        return Checked(findings, segments(text.body) if is_sms else None)

    return check
