"""The chaos suite by hand: ``python -m tests.system.chaos --help``."""

import json
import pickle
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.system.chaos.guards import GUARDS
from tests.system.chaos.judge import judge
from tests.system.chaos.report import report
from tests.system.chaos.run import ONE_NODE, Plan, guarded, perform, without
from tests.system.chaos.schedule import Kind
from tests.system.chaos.world import Wish, World

SETTLE_S = {False: 45.0, True: 120.0}
"""How long everything may take to end, with one node and with two, in seconds."""


@click.command()
@click.option("--faults", default=60, show_default=True, help="Faults that must count.")
@click.option("--tasks", type=int, help="Orders to send; absent: ten a fault.")
@click.option("--seed", default=1, show_default=True, help="The same seed plays the same faults.")
@click.option("--gap-s", default=4.0, show_default=True, help="Mean time between faults.")
@click.option("--without", type=click.Choice(sorted(GUARDS)), help="Take a guard out.")
@click.option(
    "--nodes",
    type=click.Choice(["1", "2"]),
    default="2",
    show_default=True,
    help="Nodes of the cluster; one of two can be killed. With --without it is one.",
)
@click.option("--kind", "kinds", multiple=True, type=click.Choice([one.value for one in Kind]))
@click.option("--keep", is_flag=True, help="Keep the run's folder, with its evidence.")
def main(**given: object) -> None:
    """Hurt the whole product under load and judge what became of the work.

    Prints the schedule, each fault as it is done, and a report; exit code 1 where a promise broke.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    faults = int(str(given["faults"]))
    two_nodes = given["nodes"] == "2" and not given["without"]
    usual = tuple(Kind) if two_nodes else ONE_NODE
    plan = Plan(
        seed=int(str(given["seed"])),
        faults=faults,
        tasks=int(str(given["tasks"] or 10 * faults)),
        gap_s=float(str(given["gap_s"])),
        kinds=tuple(Kind(one) for one in given["kinds"]) or usual,  # type: ignore[attr-defined]
        settle_s=SETTLE_S[two_nodes],
    )
    guard = GUARDS[str(given["without"])] if given["without"] else None
    plan = guarded(guard, plan.seed) if guard else plan
    schedule = plan.schedule()
    click.echo(f"schedule of seed {plan.seed}; a fault with none in flight is followed by another:")
    for _ in range(plan.faults):
        click.echo(f"  {next(schedule)}")
    folder = Path(tempfile.mkdtemp(prefix="gdn-", dir="/tmp"))
    folder.chmod(0o711)
    wish = (
        without(guard, folder, plan.seed) if guard else Wish(folder, plan.seed, two_nodes=two_nodes)
    )
    try:
        with World(wish) as world:
            evidence = perform(plan, world, click.echo)
        if given["keep"]:
            (folder / "evidence.pickle").write_bytes(pickle.dumps(evidence))
        broken = judge(evidence)
        click.echo(json.dumps(report(plan, evidence), indent=2))
    finally:
        if given["keep"]:
            click.echo(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for one in broken[:200]:
        click.echo(f"BROKEN {one}")
    click.echo(f"{len(broken)} promises broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.system.chaos")
