"""Every command of the guides on Postgres's roles and backups, on a real server, as they stand."""

import json
import re
import shlex
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from postgres.bootstrap import APPLICATION, OWNER
from tests.postgres.backup_world import PHRASE, Archive, archived
from tests.postgres.cluster_world import PASSWORDS, Cluster, start_cluster
from tests.system.application import GARDENOS, REPOSITORY, environment

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

LIMIT_S = 120.0


def commands(guide: str) -> list[str]:
    """Return the commands of a guide, in order."""
    text = (REPOSITORY / "docs" / "how-to" / f"{guide}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if not line.startswith("export ")]


def run(
    command: str, folder: Path, variables: dict[str, str], *, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a guide's command in a folder; it must end with a code."""
    words = shlex.split(command.replace(".venv/bin/gardenos", str(GARDENOS)))
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    for secret in (PHRASE, *PASSWORDS.values()):
        assert secret not in done.stdout + done.stderr
    return done


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def archive(short_folder: Path) -> AsyncIterator[Archive]:
    """Give a server with a row, whose log is archived."""
    async for one in archived(short_folder / "guide"):
        await one.sql("create table kept as select 1 as n")
        yield one


async def test_the_guide_to_backups_is_true_from_end_to_end(archive: Archive) -> None:
    settings = archive.tool.settings
    assert settings.repository.cipher_key_file is not None
    variables = {
        "GARDENOS_BACKUPS__PROGRAM": str(settings.program),
        "GARDENOS_BACKUPS__STANZA": settings.stanza,
        "GARDENOS_BACKUPS__CONFIG_FILE": str(settings.config_file),
        "GARDENOS_BACKUPS__SCRATCH_FOLDER": str(settings.scratch_folder),
        "GARDENOS_BACKUPS__REPOSITORY__PATH": str(settings.repository.path),
        "GARDENOS_BACKUPS__REPOSITORY__CIPHER_KEY_FILE": str(settings.repository.cipher_key_file),
        "GARDENOS_DATABASE_ADMIN_URL": archive.admin,
    }
    configure, check, backup, backups, drill, metrics, restore = commands("back-up-and-restore")

    data = archive.folder / "server" / "data"
    here = configure.replace("/var/lib/postgresql/18/main", str(data))
    socket = f"--socket-folder {archive.server.run_folder} --json"
    before = settings.config_file.read_text()
    told = json.loads(run(f"{here} {socket}", archive.folder, variables).stdout)
    assert settings.config_file.read_text() == before
    assert shlex.split(told["archive_command"])[:-1] == archive.tool.command(["archive-push"])
    run(check, archive.folder, variables)
    run(backup, archive.folder, variables)
    assert "full" in run(backups, archive.folder, variables).stdout

    assert "every row came back" in run(drill, archive.folder, variables).stdout
    run(metrics, archive.folder, variables)
    text = (archive.folder / "gardenos-backup.prom").read_text()
    found = {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert 0 <= found["gardenos_backup_drill_age_seconds"] < LIMIT_S
    assert found["gardenos_backup_drill_age_seconds"] < found["gardenos_backup_age_seconds"]

    moment = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
    run(restore, archive.folder, variables, code=5)
    run(restore.replace("2026-11-26T02:00:00", moment), archive.folder, variables)
    assert (archive.folder / "restored" / "recovery.signal").is_file()
    run(restore.replace("2026-11-26T02:00:00", moment), archive.folder, variables, code=3)


@pytest.fixture
def fresh(short_folder: Path) -> Cluster:
    """Give a server that nobody has prepared, and a folder with passwords."""
    return start_cluster(short_folder / "fresh")


async def test_the_guide_to_a_new_server_is_true_from_end_to_end(fresh: Cluster) -> None:
    bootstrap, migrate = commands("prepare-postgres")
    folder = fresh.passwords.parent
    variables = {"GARDENOS_DATABASE_ADMIN_URL": fresh.admin}
    addresses = {
        "GARDENOS_DATABASE_URL": fresh.url(APPLICATION, database="gardenos"),
        "GARDENOS_DATABASE_MIGRATION_URL": fresh.url(OWNER, database="gardenos"),
    }
    with fresh.server:
        told = json.loads(run(f"{bootstrap} --json", folder, variables).stdout)
        assert told["passwords_set"] == list(PASSWORDS)
        again = json.loads(run(f"{bootstrap} --json", folder, variables).stdout)
        assert again["passwords_set"] == []

        alone = {"GARDENOS_DATABASE_URL": addresses["GARDENOS_DATABASE_URL"]}
        refused = run(migrate, folder, alone, code=3)
        assert "GARDENOS_DATABASE_MIGRATION_URL" in refused.stderr
        assert "Applied: 0001_spine" in run(migrate, folder, addresses).stdout
        assert "Nothing to apply" in run(migrate, folder, alone).stdout
        only = {"GARDENOS_DATABASE_MIGRATION_URL": addresses["GARDENOS_DATABASE_MIGRATION_URL"]}
        assert "GARDENOS_DATABASE_URL beside it" in run(migrate, folder, only, code=3).stderr
        run(bootstrap, folder, {}, code=3)
