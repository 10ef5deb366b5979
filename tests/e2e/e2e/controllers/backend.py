"""The server behind every Service: reports which request it saw, and proves that it is this run's."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..ask import ask
from ..network import BACKEND_ADDRESS
from ..processes import Process
from ..world import Run

PORT = 8080
_ECHO = Path(__file__).with_name("echo.py")


@dataclass(frozen=True)
class Backend:
    """The run's backend. Its answer is JSON: `marker`, `path`, and `headers` as pairs in their order."""

    #: Unique to the run: a server that another run left behind cannot know it.
    marker: str
    process: Process


@contextmanager
def backend(run: Run, name: str = "backend", port: int = PORT) -> Iterator[Backend]:
    """Starts it in the run's network."""
    marker = secrets.token_hex(8)
    command = run.network.command([sys.executable, _ECHO, BACKEND_ADDRESS, str(port), marker])
    process = Process(name, command, run.scratch / f"{name}.log")
    try:
        process.wait_until_ready(lambda: marker in ask(run.network, f"http://{BACKEND_ADDRESS}:{port}/").body, 20)
        yield Backend(marker, process)
    finally:
        process.stop()
