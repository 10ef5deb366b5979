"""A running ingress controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ask import Answer
from ..processes import Process

#: How often one request is made: more than one reload within it is rare, an endless row of them is a fault.
_ATTEMPTS = 5


@dataclass(frozen=True)
class Controller:
    """Where it listens, in the run's network."""

    name: str
    #: `ADDRESS:PORT` for plain HTTP.
    http: str
    #: `ADDRESS:PORT` for TLS.
    https: str
    process: Process
    #: What its log says when a reload closes connections, if any reload does.
    closes: bytes | None = None

    def answer(self, request: Callable[[], Answer]) -> Answer:
        """The answer to a request, which is made again if a reload closed its connection: an nginx worker that ends
        closes what it has accepted and not yet served, and that says nothing about the configuration."""
        for _ in range(_ATTEMPTS - 1):
            before = self.process.log.stat().st_size
            answer = request()
            if not (answer.refused and self._closed_since(before)):
                return answer
        return request()

    def _closed_since(self, offset: int) -> bool:
        with self.process.log.open("rb") as log:
            log.seek(offset)
            return self.closes is not None and self.closes in log.read()
