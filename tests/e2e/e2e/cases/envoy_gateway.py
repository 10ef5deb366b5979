"""Envoy Gateway.

A Gateway with a protected and an open host: who gets in, by which name. Beside it, Gateways with what people take for
closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..controllers.envoy_gateway import NoEnvoy
from ..envoy_gateway.doors import BELOW, CLOSED, DOORS, ELSE, WHOLE, host_name
from ..envoy_gateway.scene import NAME, OPEN, PROTECTED, REFUSED, SERVED, scene
from ..registry import case
from ..world import World

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


def _door(name: str, listener: str, identity: str | None, expected: str, gateway: str = DOORS, **more: Any) -> Row:
    return Row(name, host_name(listener), identity, expected, {"gateway": gateway, **more})


_ROWS = (
    Row("a protected listener: no certificate", PROTECTED, None, REFUSED),
    Row("a protected listener: the right certificate", PROTECTED, "alice", SERVED),
    Row("a protected listener: another authority of the same name", PROTECTED, "stranger", REFUSED),
    Row("a protected listener: expired", PROTECTED, "expired", REFUSED),
    Row("a protected listener: for servers only", PROTECTED, "for servers only", REFUSED),
    Row("an open listener: no certificate", OPEN, None, SERVED),
    Row("an open listener: a stranger", OPEN, "stranger", SERVED),
    Row("an open listener: HTTP/2", OPEN, None, SERVED, _HTTP_2),
    Row("the protected host, by the handshake of open, HTTP/1.1", OPEN, None, "404", _named(PROTECTED, _HTTP_1)),
    Row("the protected host, by the handshake of open, HTTP/2", OPEN, None, "404", _named(PROTECTED, _HTTP_2)),
    Row("the open host, by the handshake of protected", PROTECTED, "alice", "404", _named(OPEN, _HTTP_1)),
    Row("the protected host by plain HTTP, its route at its listener alone", PROTECTED, None, "404", {"plain": True}),
    Row("the open host by plain HTTP, its route at every listener", OPEN, None, SERVED, {"plain": True}),
    _door("a route at every listener: no certificate", "plain", None, REFUSED),
    _door("a route at every listener: plain HTTP", "plain", None, SERVED, plain=True),
    Row("below a wildcard listener: no certificate", BELOW, None, REFUSED, {"gateway": DOORS}),
    Row("below a wildcard listener: the right certificate", BELOW, "alice", SERVED, {"gateway": DOORS}),
    Row(
        "below a wildcard listener, by the listener without a hostname",
        ELSE,
        None,
        SERVED,
        {"gateway": DOORS, **_named(BELOW, _HTTP_1)},
    ),
    _door("one of two references is broken: no certificate", "missing", None, "500"),
    _door("one of two references is broken: the right certificate", "missing", "alice", "500"),
    _door("a policy for a Gateway of another name", "misnamed", None, SERVED),
    _door("RequireAny without an authority", "any", None, SERVED),
    _door("two policies of a listener: the older one counts", "two", "alice", SERVED),
    _door("two policies of a listener: no certificate", "two", None, REFUSED),
    _door("a policy of the whole Gateway", "rest", None, REFUSED, WHOLE),
    _door("a policy of the listener without clientValidation, beside that", "bare", None, SERVED, WHOLE),
)


def _register(row: Row) -> None:
    @case(row.name, ["envoy-gateway"])
    def judged(world: World) -> None:
        there = scene(world.run)
        answer = there.ask(row.host, row.identity, **row.options)
        assert there.seen(answer) == row.expected, f"expected {row.expected}, got {answer}"
        admitted = there.ask(PROTECTED, "alice")
        assert there.seen(admitted) == SERVED, f"the right certificate got {admitted}"


for _row in _ROWS:
    _register(_row)


@case("a forged x-forwarded-client-cert", ["envoy-gateway"])
def forged(world: World) -> None:
    there = scene(world.run)
    name, forgery = "x-forwarded-client-cert", "By=forged"
    heard = {}
    for listener in ("plain", "forward", "set"):
        answer = there.ask(host_name(listener), "alice", gateway=DOORS, headers={name: forgery})
        heard[listener] = [value for key, value in answer.json()["headers"] if key == name]
    assert heard["plain"] == [], f"without a setting, it is heard: {heard['plain']}"
    assert heard["forward"] == [forgery], f"with ForwardOnly: {heard['forward']}"
    [own] = heard["set"]
    assert own.startswith("Hash="), f"with SanitizeSet: {own}"


@case("no listener is valid", ["envoy-gateway"])
def no_envoy(world: World) -> None:
    try:
        scene(world.run).controller.envoy(NAME, CLOSED)
    except NoEnvoy:
        return
    raise AssertionError("a Gateway whose certificate is missing has an Envoy")
