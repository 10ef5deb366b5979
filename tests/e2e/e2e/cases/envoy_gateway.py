"""Envoy Gateway.

A Gateway with a protected and an open host: who gets in, by which name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..envoy_gateway.scene import OPEN, PROTECTED, scene
from ..registry import case
from ..world import World

#: What is expected: the backend's answer, a status of Envoy's own, or no answer at all.
_SERVED, _REFUSED = "served", "refused"
_HTTP_1, _HTTP_2 = {"flags": ["--http1.1"]}, {"flags": ["--http2"]}


@dataclass(frozen=True)
class Row:
    """One request, and what becomes of it."""

    name: str
    #: The name in the URL: that of the handshake too.
    host: str
    identity: str | None
    expected: str
    options: dict[str, Any] = field(default_factory=dict)


def _named(host: str, version: dict[str, Any]) -> dict[str, Any]:
    """Another name in the request than in the handshake."""
    return {**version, "headers": {"Host": host}}


_ROWS = (
    Row("a protected listener: no certificate", PROTECTED, None, _REFUSED),
    Row("a protected listener: the right certificate", PROTECTED, "alice", _SERVED),
    Row("a protected listener: another authority of the same name", PROTECTED, "stranger", _REFUSED),
    Row("a protected listener: expired", PROTECTED, "expired", _REFUSED),
    Row("a protected listener: for servers only", PROTECTED, "for servers only", _REFUSED),
    Row("an open listener: no certificate", OPEN, None, _SERVED),
    Row("an open listener: a stranger", OPEN, "stranger", _SERVED),
    Row("an open listener: HTTP/2", OPEN, None, _SERVED, _HTTP_2),
    Row("the protected host, by the handshake of open, HTTP/1.1", OPEN, None, "404", _named(PROTECTED, _HTTP_1)),
    Row("the protected host, by the handshake of open, HTTP/2", OPEN, None, "404", _named(PROTECTED, _HTTP_2)),
    Row("the open host, by the handshake of protected", PROTECTED, "alice", "404", _named(OPEN, _HTTP_1)),
    Row("the protected host by plain HTTP, its route at its listener alone", PROTECTED, None, "404", {"plain": True}),
    Row("the open host by plain HTTP, its route at every listener", OPEN, None, _SERVED, {"plain": True}),
)


def _register(row: Row) -> None:
    @case(row.name, ["envoy-gateway"])
    def judged(world: World) -> None:
        there = scene(world.run)
        answer = there.ask(row.host, row.identity, **row.options)
        seen = _SERVED if there.serves(answer) else _REFUSED if answer.refused else str(answer.status)
        assert seen == row.expected, f"expected {row.expected}, got {answer}"
        admitted = there.ask(PROTECTED, "alice")
        assert there.serves(admitted), f"the right certificate got {admitted}"


for _row in _ROWS:
    _register(_row)
