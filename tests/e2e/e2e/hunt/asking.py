"""The program that asks, from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..world import Run

_THREADS = 3


class Asker:
    """Asks many requests at once, in a process inside the run's network."""

    def __init__(self, run: Run) -> None:
        command = run.network.command([sys.executable, Path(__file__).with_name("asker.py"), str(_THREADS)])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, connections: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """One list of answers for each connection."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(json.dumps(connections) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the program that asks has ended"
        answers: list[list[dict[str, Any]]] = json.loads(line)
        return answers

    def close(self) -> None:
        """Ends it: it stops at the end of its input."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
