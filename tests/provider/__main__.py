"""The provider by hand: ``python -m tests.provider --help``."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import click
import orjson
from pydantic import ValidationError

from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.calls import Totals
from tests.provider.faults import EXPLANATIONS, Rule
from tests.provider.server import Provider

_EPILOG = """
\b
Faults are given as NAME or NAME:FIELD=VALUE,... and the first that applies to a call is
played. Fields:
  probability=0.1      to a tenth of the calls, by --seed
  times=5              at most five times
  calls=1+3            to the first and third call it concerns
  model=NAME           only calls of this model; likewise schema_name, format, contains
  retry_after_s=1.5    with Retry-After; retry_after_form=date|milliseconds|nonsense
  status=422           another status than its own
  extra_ms=2000        for late and slow_body
  size_bytes=1000000   for oversized
--list-faults names them all.

\b
While it runs another process may ask:
  GET  /_summary       counters: calls, tokens, connections, most in flight, by fault
  GET  /_log?after=N   the calls after number N, and the counters
  GET  /_plan          how it behaves now
  POST /_plan          fields to change, for example {"latency_ms": 900, "rules": []}
  POST /_clear         start the log in memory anew

\b
Examples:
  python -m tests.provider --port 9000 --latency-ms 50 --jitter-ms 25 --log calls.jsonl
  python -m tests.provider --fault rate_limited:probability=0.05,retry_after_s=1 \\
      --fault reset:probability=0.01
  curl -X POST localhost:9000/_plan -d '{"rules": [{"fault": "unavailable", "times": 20}]}'
"""


def _rule(text: str) -> dict[str, Any]:
    """Return the fields of a rule written as ``NAME:FIELD=VALUE,...``.

    Raises:
        click.BadParameter: It is not written so, or a value does not fit.
    """
    name, _, rest = text.partition(":")
    fields: dict[str, Any] = {"fault": name}
    for part in filter(None, rest.split(",")):
        key, mark, value = part.partition("=")
        if not mark:
            raise click.BadParameter(f"{part!r} is not FIELD=VALUE", param_hint="--fault")
        fields[key] = value.split("+") if key == "calls" else value
    try:
        return Rule.model_validate(fields).model_dump()
    except ValidationError as error:
        raise click.BadParameter(_line(error), param_hint=f"--fault {text}") from error


def _line(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'behaviour'}: {fault['msg']}"
        for fault in error.errors()
    )


def _behaviour(plan: Path | None, given: dict[str, Any]) -> Behaviour:
    """Return the behaviour of a file, with what the options say on top."""
    try:
        fields = orjson.loads(plan.read_bytes()) if plan else {}
        return Behaviour.model_validate({**fields, **given})
    except ValidationError as error:
        raise click.UsageError(_line(error)) from error
    except (OSError, orjson.JSONDecodeError, TypeError) as error:
        raise click.BadParameter(str(error), param_hint="--plan") from error


def _answers(path: Path | None) -> tuple[Any, ...]:
    if path is None:
        return ()
    try:
        return tuple(json.loads(line) for line in path.read_text("utf-8").splitlines() if line)
    except (OSError, json.JSONDecodeError) as error:
        raise click.BadParameter(str(error), param_hint="--answers") from error


def _list_faults(context: click.Context, _: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click calls it so
    if is_asked:
        for fault, explanation in EXPLANATIONS.items():
            click.echo(f"{fault.value:18} {explanation}")
        context.exit()


_Existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, help="Port to listen on; 0 takes a free one.", show_default=True)
@click.option("--api-key", help="The only key that is accepted; absent: any, or none.")
@click.option("--model", "models", multiple=True, help="A model that exists; absent: any name.")
@click.option("--latency-ms", type=float, help="Milliseconds before every answer.")
@click.option("--jitter-ms", type=float, help="The latency varies by up to this, either way.")
@click.option("--seed", type=int, help="Of all chance; the same seed plays the same faults.")
@click.option(
    "--brain",
    type=click.Choice([one.value for one in BrainName]),
    help="What makes the answers [reading].",
)
@click.option("--obedience", type=float, help="Share of orders the obedient brain obeys, 0 to 1.")
@click.option("--answers", type=_Existing, help="JSON lines: what the scripted brain says.")
@click.option("--prompt-tokens", type=int, help="Told for every call; absent: characters / 4.")
@click.option("--completion-tokens", type=int, help="The same for the answer.")
@click.option("--cached-tokens", type=int, help="Of the prompt's, told for every call.")
@click.option("--caches-prefix", is_flag=True, help="Count a known system message as cached.")
@click.option("--max-in-flight", type=int, help="Further calls at the same time get 429.")
@click.option("--fault", "faults", multiple=True, help="A fault and its calls; see below.")
@click.option("--plan", type=_Existing, help="JSON file with any of the fields of /_plan.")
@click.option("--log", type=click.Path(path_type=Path), help="JSON lines: each call, twice.")
@click.option("--keep", default=200_000, show_default=True, help="Calls kept in memory.")
@click.option("--report-every", type=float, help="Seconds between lines of counters on stderr.")
@click.option("--quiet", is_flag=True, help="No counters at the end.")
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="Name every fault and stop.",
)
def main(**options: Any) -> None:
    """Answer chat completions like a model provider, and misbehave on order.

    Prints one line of JSON with its address as soon as it listens. Ends at SIGINT or SIGTERM with
    its counters on stderr. Every call is a line in the log at arrival and another at its end,
    written at once.
    """
    asked = {name: options[name] for name in _FIELDS if options[name] not in (None, (), False)}
    if answers := _answers(options["answers"]):
        asked |= {"answers": answers, "brain": BrainName.SCRIPTED}
    if options["faults"]:
        asked["rules"] = tuple(_rule(text) for text in options["faults"])
    provider = Provider(
        _behaviour(options["plan"], asked),
        log_path=options["log"],
        keep=options["keep"],
        host=options["host"],
        port=options["port"],
    )
    asyncio.run(_serve(provider, options["report_every"]))
    if not options["quiet"]:
        click.echo(_counters(provider.log.totals), err=True)


_FIELDS = (
    "api_key",
    "models",
    "latency_ms",
    "jitter_ms",
    "seed",
    "brain",
    "obedience",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "caches_prefix",
    "max_in_flight",
)


async def _serve(provider: Provider, report_every_s: float | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    try:
        async with provider:
            told = {
                "address": provider.address,
                "base_url": provider.base_url,
                "pid": os.getpid(),
            }
            click.echo(json.dumps(told))
            await _report(provider, stopped, report_every_s)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {provider.address}: {error}") from error
    finally:
        provider.log.close()


async def _report(provider: Provider, stopped: asyncio.Event, every_s: float | None) -> None:
    """Print counters until the stop, where an interval is given."""
    seen = 0
    while not stopped.is_set():
        try:
            async with asyncio.timeout(every_s):
                await stopped.wait()
        except TimeoutError:
            calls = provider.log.totals.calls
            rate = (calls - seen) / (every_s or 1)
            seen = calls
            click.echo(f"{rate:.0f} calls/s  {_counters(provider.log.totals)}", err=True)


def _counters(totals: Totals) -> str:
    return orjson.dumps(totals).decode()


if __name__ == "__main__":
    main(prog_name="python -m tests.provider")
