"""Carry a schema from an older server: ``pg_dump`` there, ``psql`` here, one transaction a section.

Passwords go to both programs by the environment of the child alone, never by its arguments.
"""

import asyncio
import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from domain.errors import ConfigurationError, UnavailableError
from postgres.import_plan import fingerprint

DUMP_LIMIT_S = 300.0
MARK = "insert into gardenos_import.steps (name, note) values ('{name}', '{note}');\n"
LINES_TOLD = 3


async def dump_section(program: Path, url: str, section: str) -> str:
    """Return the SQL of ``pre-data`` or ``post-data`` of a database.

    Raises:
        UnavailableError: The program fails or takes too long; says its last lines.
    """
    options = [f"--section={section}", "--no-owner", "--no-privileges", "--no-publications"]
    return await run_program(
        [str(program), *options, "--no-subscriptions", f"--dbname={without_password(url)}"],
        url,
        limit_s=DUMP_LIMIT_S,
    )


async def apply_section(program: Path, url: str, script: str, *, step: str, limit_s: float) -> None:
    """Run a section and remember the step in the same transaction.

    Raises:
        UnavailableError: A statement fails; nothing of the section stays.
    """
    script = script.replace("CREATE SCHEMA public;", "CREATE SCHEMA IF NOT EXISTS public;")
    text = script + "\n" + MARK.format(name=step, note=fingerprint(script))
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    # A refused index or reference would show the row that it is refused for.
    options.append("--set=VERBOSITY=terse")
    await run_program(
        [str(program), *options, "--file=-", f"--dbname={without_password(url)}"],
        url,
        stdin=text,
        limit_s=limit_s,
    )


async def run_program(
    argv: list[str], url: str, *, stdin: str | None = None, limit_s: float
) -> str:
    """Return what a program prints; it is killed at the limit and when we are cancelled.

    It finds the same variables as our own connections do, such as PGPASSWORD and PGPASSFILE; what
    the address says goes before them.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    if password := password_of(url):
        given["PGPASSWORD"] = password
    environment = {
        **given,
        "PATH": os.defpath,
        "LC_ALL": "C",
        "PGCONNECT_TIMEOUT": "10",
        "PGOPTIONS": "-c default_transaction_read_only=off",
    }
    if stdin is not None:
        environment["PGTARGETSESSIONATTRS"] = "read-write"
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=environment,
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        got = f"{argv[0]} ({error.strerror})"
        raise ConfigurationError("bin_folder", got, "a folder with pg_dump and psql") from error
    name = Path(argv[0]).name
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate(stdin.encode() if stdin is not None else None)
    except TimeoutError as error:
        raise UnavailableError(f"{name} takes longer than {limit_s:g} s", 5.0) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        told = " | ".join(err.decode(errors="replace").splitlines()[-LINES_TOLD:])
        raise UnavailableError(f"{name} failed: {told}", 5.0)
    return out.decode()


def password_of(url: str) -> str:
    """Return an address's password, empty where it has none; a secret."""
    parts = urlsplit(url)
    named = dict(parse_qsl(parts.query))
    return unquote(parts.password or "") or named.get("password", "")


def without_password(url: str) -> str:
    """Return an address that may be an argument.

    Raises:
        ConfigurationError: It holds a pass phrase that no program takes in another way.
    """
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    options = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "sslpassword" for name, _ in options):
        got = "<hidden>, with a pass phrase of a key"
        raise ConfigurationError("address", got, "a key file without one, readable to you alone")
    kept = urlencode([one for one in options if one[0] != "password"], quote_via=quote, safe="/")
    query = f"?{kept}" if kept else ""
    return f"{parts.scheme}://{login.partition(':')[0]}{at}{place}{parts.path}{query}"
