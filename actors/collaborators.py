"""What an agent is given when it is built; ``deployments.replica`` fills it in each replica."""

from dataclasses import dataclass
from pathlib import Path

from scoring.scorecard import Scorecard
from scoring.settings import ScoringSettings

PROMPTS = Path(__file__).parent / "prompts"
"""One folder per agent kind."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Everything an agent may use besides its task.

    Attributes:
        prompts: Folder of the agent's own prompts; it may be absent where the kind has none.
    """

    scoring: ScoringSettings
    scorecard: Scorecard
    prompts: Path
