"""How much the provider itself takes: ``python -m tests.provider.load`` prints one line of JSON.

A provider in its own process is called over connections that stay open, by a client of raw
sockets, which costs little beside it.
"""

import asyncio
import json
import time

import click
import orjson
import psutil

from tests.provider.asking import body
from tests.provider.beside import ProviderProcess

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"Content-Length: "


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--connections", default=64, help="Open at the same time, one call each at a time.")
@click.option("--calls", default=20_000, help="In all.")
@click.option("--brain", default="minimal", help="What makes the answers.")
@click.option("--latency-ms", default=0.0, help="Before every answer.")
@click.option("--log", help="File for the log; absent: none.")
def main(connections: int, calls: int, brain: str, latency_ms: float, log: str | None) -> None:
    """Call a provider as fast as it answers; print calls a second and its CPU time a call."""
    options = ["--brain", brain, "--latency-ms", str(latency_ms)]
    with ProviderProcess(*options, *(["--log", log] if log else [])) as provider:
        host, _, port = provider.address.removeprefix("http://").partition(":")
        asyncio.run(_call(host, int(port), connections=connections, calls=connections))
        process = psutil.Process(provider.pid)
        began_s, began_cpu_s = time.perf_counter(), sum(process.cpu_times()[:2])
        asyncio.run(_call(host, int(port), connections=connections, calls=calls))
        took_s = time.perf_counter() - began_s
        cpu_s = sum(process.cpu_times()[:2]) - began_cpu_s
        answered = provider.summary()["by_status"]
    line = {
        "connections": connections,
        "brain": brain,
        "calls": calls,
        "calls_per_s": round(calls / took_s),
        "provider_cpu_ms_per_call": round(cpu_s / calls * 1000, 4),
        "by_status": answered,
    }
    click.echo(json.dumps(line))


async def _call(host: str, port: int, *, connections: int, calls: int) -> None:
    asked = orjson.dumps(body())
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer sk-load-0001"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(asked)}\r\n\r\n"
    )
    sent = head.encode() + asked
    shares = [calls // connections + (place < calls % connections) for place in range(connections)]
    async with asyncio.TaskGroup() as group:
        for share in shares:
            group.create_task(_one_after_the_other(host, port, sent, share))


async def _one_after_the_other(host: str, port: int, sent: bytes, calls: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for _ in range(calls):
        writer.write(sent)
        head = await reader.readuntil(_HEAD_END)
        start = head.index(_LENGTH) + len(_LENGTH)
        await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    main(prog_name="python -m tests.provider.load")
