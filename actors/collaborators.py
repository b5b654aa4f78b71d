"""What an agent is given when it is built; ``deployments.replica`` fills it in each replica."""

from dataclasses import dataclass, field
from pathlib import Path

from actors.questions import Models
from actors.settings import ModelSettings, WritingSettings
from scoring.scorecard import Scorecard
from scoring.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Everything an agent may use besides its task.

    Attributes:
        prompts: Folder ``prompts/<kind>`` beside the agent's module; it may be absent where the
            kind has none.
        models: The models to ask, or None where the kind runs offline.
        model: How the models are asked.
        writing: How drafts are signed and bounded.
    """

    scoring: ScoringSettings
    scorecard: Scorecard
    prompts: Path
    models: Models | None = None
    model: ModelSettings = field(default_factory=ModelSettings)
    writing: WritingSettings = field(default_factory=WritingSettings)
