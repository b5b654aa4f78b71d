"""The endpoint tells ages as of now, whatever the repository and its callers do."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.errors import ConfigurationError, UnavailableError
from postgres.backup import PgBackRest
from postgres.backup_info import Backup, BackupKind, RepositoryInfo, from_unix
from postgres.backup_settings import BackupSettings
from serve_app.backup_metrics import BackupMetrics, metrics_server

NOW_S = datetime.now(UTC).timestamp()
DONE = Backup(
    label="20261126-020000F",
    kind=BackupKind.FULL,
    started_at=from_unix(NOW_S - 110),
    stopped_at=from_unix(NOW_S - 100),
    is_good=True,
    size_bytes=1000,
    stored_bytes=100,
    drilled_at=from_unix(NOW_S - 50),
)
INFO = RepositoryInfo(is_sound=True, message="ok", backups=(DONE,), newest_log=None)


class Repository(PgBackRest):
    """A repository that says what it is told to; every look is counted."""

    def __init__(self, *answers: RepositoryInfo | Exception) -> None:
        super().__init__(BackupSettings(program=Path("none")))
        self.answers = list(answers)
        self.looks = 0

    async def info(self) -> RepositoryInfo:
        """Return the next answer; the last again and again."""
        self.looks += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def values(text: str) -> dict[str, float]:
    """Return every sample by its name, as Prometheus reads the text."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_prometheus_reads_both_ages_over_http() -> None:
    async with (
        metrics_server(Repository(INFO), host="127.0.0.1", port=0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        answer = await client.get("/metrics")
        missing = await client.get("/other")

    found = values(answer.text)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    since_s = found["gardenos_backup_read_timestamp_seconds"] - NOW_S
    assert since_s >= 0
    assert found["gardenos_backup_age_seconds"] == pytest.approx(since_s + 100, abs=0.01)
    assert found["gardenos_backup_drill_age_seconds"] == pytest.approx(since_s + 50, abs=0.01)
    assert found["gardenos_backup_repository_up"] == 1
    assert missing.status_code == 404


async def test_many_who_ask_make_one_look() -> None:
    repository = Repository(INFO)
    metrics = BackupMetrics(repository.info, "test", refresh_s=60)
    await asyncio.gather(*(metrics.text() for _ in range(20)))

    assert repository.looks == 1


async def test_a_repository_that_cannot_be_read_is_told_and_old_ages_are_not() -> None:
    repository = Repository(INFO, UnavailableError("away", 1.0))
    metrics = BackupMetrics(repository.info, "test", refresh_s=0)
    before, after = values(await metrics.text()), values(await metrics.text())

    assert "gardenos_backup_age_seconds" in before
    assert after["gardenos_backup_repository_up"] == 0
    assert "gardenos_backup_age_seconds" not in after


async def test_who_sends_no_request_or_a_huge_one_disturbs_nobody() -> None:
    async with metrics_server(Repository(INFO), host="127.0.0.1", port=0) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        _, huge = await asyncio.open_connection("127.0.0.1", port)
        huge.write(b"GET /metrics HTTP/1.1\r\nx: " + b"x" * 100_000)
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.status_code == 200
        for _, writer in silent:
            writer.close()
        huge.close()


async def test_a_port_that_is_taken_is_refused_in_one_line() -> None:
    async with metrics_server(Repository(INFO), host="127.0.0.1", port=0) as port:
        with pytest.raises(ConfigurationError, match="a free port"):
            async with metrics_server(Repository(INFO), host="127.0.0.1", port=port):
                pass
