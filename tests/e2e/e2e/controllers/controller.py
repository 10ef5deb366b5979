"""A running ingress controller."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..ask import Answer
from ..processes import Process

#: How often one request is made, and the seconds between: a reload takes less, an endless row of them is a fault.
_ATTEMPTS = 40
_PAUSE = 0.2


@dataclass(frozen=True)
class Controller:
    """Where it listens, in the run's network."""

    name: str
    #: `ADDRESS:PORT` for plain HTTP.
    http: str
    #: `ADDRESS:PORT` for TLS.
    https: str
    process: Process
    #: Whether, by its log, a request that was made when the log had so many bytes met a reload; None: it has none.
    reloading: Callable[[Path, int], bool] | None = None

    def place(self, tls: bool) -> dict[str, object]:
        """Where it listens, as the program that asks takes it (`hunt/asker.py`)."""
        address, _, port = (self.https if tls else self.http).rpartition(":")
        return {"address": address, "port": int(port)}

    def answer(self, request: Callable[[], Answer]) -> Answer:
        """The answer to a request, which is made again if it met a reload: a process that ends answers by the
        configuration of before, or closes what it has accepted, and says nothing about the present one."""
        for _ in range(_ATTEMPTS - 1):
            before = self.process.log.stat().st_size
            answer = request()
            if self.reloading is None or not self.reloading(self.process.log, before):
                return answer
            time.sleep(_PAUSE)
        return request()
