"""A running ingress controller."""

from __future__ import annotations

from dataclasses import dataclass

from ..processes import Process


@dataclass(frozen=True)
class Controller:
    """Where it listens, in the run's network."""

    name: str
    #: `ADDRESS:PORT` for plain HTTP.
    http: str
    #: `ADDRESS:PORT` for TLS.
    https: str
    process: Process
