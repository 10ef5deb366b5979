"""Set-ups of Gateways in which everything meets."""

from __future__ import annotations

from ..maker import Maker
from ..material import LISTS
from .clients import MODES
from .gate import Gate
from .policies import validation

_HOSTS = ("one", "two", "*", "*.one", None)


def mixed(maker: Maker) -> None:
    """A Gateway and a ListenerSet, with routes and policies anywhere."""
    gate = Gate(maker)
    choices = gate.choices
    made = []
    for number, label in enumerate(choices.some(_HOSTS, 3, least=2)):
        secret = choices.one(("pair",) * 6 + ("missing",))
        port = choices.one((443, 443, 443, 8443))
        made.append(gate.https(f"l{number}", gate.name(label) if label else None, secret=secret, port=port))
    sections = [each["name"] for each in made]
    if choices.chance(0.3):
        gate.listener_set("set", gate.https("s", gate.name(choices.one(("one", "three")))))
        gate.route(gate.name("one"), gate.name("three"), to={"kind": "ListenerSet", "name": "set"})
        if choices.chance(0.5):
            gate.policy(validation(gate), to={"kind": "ListenerSet", "name": "set"}, older=choices.chance(0.5))
    for _ in range(choices.number(2, 4)):
        hosts = [gate.name(label) for label in choices.some(("one", "two", "x.one", "*"), 2)]
        paths = choices.some(("/", "/api", "/page"), 2, least=1)
        matches = [{"path": {"type": choices.one(("PathPrefix", "Exact")), "value": path}} for path in paths]
        gate.route(
            *hosts,
            section=choices.one((None, None, "http", *sections)),
            rules=[{"matches": matches, "backendRefs": [gate.backend()]}],
            older=choices.chance(0.5),
        )
    for _ in range(choices.number(2, 4)):
        mode = choices.one(MODES)
        asked = gate.trust(choices.one(("high", "all", "two", "middle")), **({"mode": mode} if mode else {}))
        if choices.chance(0.3):
            asked["crl"] = {"refs": [gate.secret({"ca.crl": gate.material.lists(choices.one(tuple(LISTS)))})]}
        where = choices.some(sections, 2)
        gate.policy(choices.one((asked, asked, validation(gate))), *where, older=choices.chance(0.5))
    allowed = choices.maybe(0.8, allowedListeners={"namespaces": {"from": "Same"}})
    gate.gateway(*gate.protocols(*made), **allowed)
    gate.ask(*map(gate.name, ("one", "two", "x.one", "three", "other")))
