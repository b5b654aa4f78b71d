"""The settings that the guides show are settings, and the stand-in starts as they say.

What they run against the service is run by ``test_readme``, which has one.
"""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from deployments.replica import ReplicaSettings, build_agent, model_of
from domain.ids import AgentKind
from domain.task import LEAD_ANALYSIS
from serve_app.settings import load_settings
from tests.system.application import GARDENOS, REPOSITORY, environment

GUIDES = sorted((REPOSITORY / "docs" / "how-to").glob("*.md"))
BLOCKS = [
    (guide.stem, block)
    for guide in GUIDES
    for block in re.findall(r"```sh\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
]
STAND_IN = ".venv/bin/python -m tests.provider --port 8001"
PLAIN_COMMANDS = ("curl ", ".venv/bin/gardenos ", ".venv/bin/python ", "umask 077\n.venv/bin/")


def exports(block: str) -> dict[str, str]:
    """Return the variables that a block sets."""
    words = [shlex.split(line) for line in block.splitlines() if line.startswith("export ")]
    return dict(word.split("=", maxsplit=1) for _, word in words)


def yaml_of(guide: str) -> str:
    """Return the settings file that a guide shows."""
    text = (REPOSITORY / "docs" / "how-to" / f"{guide}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return str(block)


def test_every_block_is_settings_or_a_command_that_is_tested() -> None:
    for _, block in BLOCKS:
        assert exports(block) or block.startswith(PLAIN_COMMANDS), block


@pytest.mark.parametrize(("guide", "block"), [pair for pair in BLOCKS if exports(pair[1])])
def test_the_settings_of_a_guide_start_every_agent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, guide: str, block: str
) -> None:
    variables = exports(block)
    if file := variables.get("GARDENOS_SETTINGS_FILE"):
        (tmp_path / file).write_text(yaml_of(guide), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    replica = ReplicaSettings(scoring=settings.scoring, model=settings.model)
    for name, one in settings.agents.items():
        assert build_agent(AgentKind(name), one, replica).kind == name
    asked = model_of(LEAD_ANALYSIS, settings.agents[LEAD_ANALYSIS], replica)
    named = variables.get(
        "GARDENOS_AGENTS__LEAD_ANALYSIS__MODEL__NAME", variables.get("GARDENOS_MODEL__NAME")
    )
    assert (asked.name if asked else None) == named


def test_the_stand_in_starts_as_the_guide_says() -> None:
    assert any(STAND_IN in block for _, block in BLOCKS)
    command = STAND_IN.replace(".venv/bin/", f"{GARDENOS.parent}/").replace("8001", "0")
    with subprocess.Popen(
        shlex.split(command), cwd=REPOSITORY, env=environment({}), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.terminate()
    assert told["base_url"].endswith("/v1")


def test_the_guides_link_to_files_that_are_there() -> None:
    for guide in GUIDES:
        for target in re.findall(r"\]\(([^)#:]+)\)", guide.read_text(encoding="utf-8")):
            assert (guide.parent / Path(target)).exists(), f"{guide.name}: {target}"
