"""Claims about what a local start checks before it starts anything."""

import os
import signal
import socket
import subprocess

import pytest

from domain.errors import ConfigurationError
from serve_app.local import address_of, check_port, free_port, stop_signals, terminable
from serve_app.processes import alive, descendants_of
from serve_app.settings import HttpSettings


def test_a_taken_port_is_named_with_its_address() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"{port} on 127.0.0.1"):
            check_port("127.0.0.1", port)


def test_the_next_free_port_is_taken_for_the_dashboard() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert free_port("127.0.0.1", port) > port


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_addresses_are_as_a_browser_takes_them(host: str, address: str) -> None:
    assert address_of(HttpSettings(host=host)) == address


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_sets_the_event_and_the_old_handler_comes_back(number: int) -> None:
    before = signal.getsignal(number)
    with stop_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert signal.getsignal(number) is before


def test_sigterm_interrupts_a_start_as_ctrl_c_does() -> None:
    def start() -> None:
        with terminable():
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()

    with pytest.raises(KeyboardInterrupt):
        start()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")  # noqa: PTH112 - a constant
def test_processes_below_are_found_at_any_depth_until_they_end() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        below = descendants_of(os.getpid())
        assert shell.pid in below
        assert len(descendants_of(shell.pid)) == 1
        for pid in descendants_of(shell.pid):
            os.kill(pid, signal.SIGKILL)
    assert shell.pid not in alive(below)
