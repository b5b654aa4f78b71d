"""From the code of an earlier commit to this one, and from many replicas to few, under load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.application import REPOSITORY, until
from tests.system.callers import Callers
from tests.system.site import Site, site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EARLIER = os.environ.get("GARDENOS_TEST_EARLIER_COMMIT", "")
"""Which commit the upgrade begins at; absent: the last one with fewer migrations than now."""

MIGRATIONS = "postgres/sql/migrations"
QUEUED = 1000
CALLERS = 4
FAST = {
    "GARDENOS_AGENTS__LEAD_ANALYSIS__CONCURRENCY": "16",
    "GARDENOS_QUEUE__GRACE_S": "20",
}
SCALING = {
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MIN_REPLICAS": "1",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MAX_REPLICAS": "3",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__TARGET_ONGOING": "1",
    "GARDENOS_AGENTS__LEAD_ANALYSIS__DOWNSCALE_DELAY_S": "2",
}


def git(*words: str) -> str:
    """Return what git says of this repository."""
    done = subprocess.run(
        ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def earlier(tmp_path: Path) -> tuple[Path, Path]:
    """Give the code of an earlier commit, as a folder and as an archive that Ray can run."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not in a git repository: there is no earlier code")
    commit = EARLIER or last_with_fewer_migrations()
    if commit is None:
        pytest.skip("the history begins at this version of the tables")
    archive = tmp_path / "earlier.zip"
    git("archive", "--format=zip", "--prefix=product/", f"--output={archive}", commit)
    subprocess.run(["unzip", "-q", str(archive), "-d", str(tmp_path)], check=True, timeout=60)
    return tmp_path / "product", archive


def last_with_fewer_migrations() -> str | None:
    """Return the newest commit whose migrations are the first of today's, unchanged, or None."""
    today = migrations_of("HEAD")
    for commit in git("rev-list", "--first-parent", "HEAD").splitlines():
        then = migrations_of(commit)
        if then and len(then) < len(today) and today[: len(then)] == then:
            return commit
    return None


def migrations_of(commit: str) -> list[str]:
    """Return the migrations of a commit in their order, each with what it contains."""
    listed = git("ls-tree", "--format=%(objectname) %(path)", commit, f"{MIGRATIONS}/")
    return sorted(listed.splitlines(), key=lambda line: line.partition(" ")[2])


def test_an_update_from_earlier_code_keeps_what_was_queued_and_pays_once(
    earlier: tuple[Path, Path],
) -> None:
    tree, archive = earlier
    with site(FAST) as running:
        running.migrate(tree=tree)
        running.cluster.deploy(runtime_env={"working_dir": f"file://{archive}"})
        until(running.cluster.is_running, "the earlier code serves")
        before = running.cluster.replicas("LeadAnalysis")
        paths = paths_of(running)
        with Callers(running.cluster.address, "upgrade-direct", count=CALLERS) as callers:
            tasks = running.submit("upgrade", QUEUED)
            until(lambda: running.states(tasks)["succeeded"] > 50, "the earlier code works")
            running.migrate()
            open_then = QUEUED - running.states(tasks)["succeeded"]
            running.cluster.deploy()
            until(
                lambda: not {one.pid for one in before} & pids(running),
                "the earlier agents have gone",
                120,
            )
            until(lambda: running.are_finished(tasks), "every task has ended", 180)
            until(running.cluster.is_running, "this code serves")
        assert open_then > QUEUED / 4, "too little was left to do for the update"
        assert running.states(tasks) == {"succeeded": QUEUED}
        assert (callers.unanswered(), callers.refusals()) == ([], {})
        calls = running.calls()
        assert {name: calls[name] for name in {*tasks, *callers.names()} if calls[name] != 1} == {}
        tell(f"{open_then} of {QUEUED} tasks open at the update, {len(callers.answers)} direct")
        tell(f"new paths: {sorted(paths_of(running) - paths)}, {dict(callers.troubles())}")


def test_a_scale_down_under_load_loses_nothing_and_repeats_no_paid_call() -> None:
    with site({**FAST, **SCALING}) as running:
        running.migrate()
        running.cluster.deploy()
        until(running.cluster.is_running, "the service is ready")
        tasks = running.submit("scale", 400)
        until(lambda: len(pids(running)) == 3, "the pool has grown")
        until(lambda: running.are_finished(tasks), "the flood has ended", 120)
        with Callers(running.cluster.address, "scale-direct", count=1) as callers:
            until(lambda: len(pids(running)) == 1, "the pool has shrunk under a caller", 120)
        assert running.states(tasks) == {"succeeded": len(tasks)}
        assert (callers.unanswered(), callers.refusals()) == ([], {})
        calls = running.calls()
        assert {name: calls[name] for name in {*tasks, *callers.names()} if calls[name] != 1} == {}
        tell(f"{len(callers.answers)} direct answers while the pool shrank")


def pids(running: Site) -> set[int]:
    """Return the agents that run."""
    return {one.pid for one in running.cluster.replicas("LeadAnalysis")}


def paths_of(running: Site) -> set[str]:
    """Return the paths that the code which serves knows."""
    document = running.cluster.http.get("/openapi.json")
    return set(document.json()["paths"])


def tell(line: str) -> None:
    """Say something to whoever runs this with ``-s``."""
    sys.stdout.write(f"{line}\n")
