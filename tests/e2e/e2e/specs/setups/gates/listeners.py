"""Kinds of set-ups: which listener a request meets, and which of them are there."""

from __future__ import annotations

from typing import Any

from ..maker import SERVER, Maker
from ..setup import Object
from .gate import CLASS, OTHER_CLASS, PAIR, Gate
from .policies import validation


def wildcards(maker: Maker) -> None:
    """A wildcard, and names below it, with routes at listeners of their own and at all."""
    gate = Gate(maker)
    hosts = {"wild": gate.name("*"), "one": gate.name("one"), "deep": gate.name("*.deep")}
    labels = ["wild", *gate.choices.some(("one", "deep"), 2, least=1)]
    for label in labels:
        if gate.choices.chance(0.7):
            gate.policy(validation(gate), label)
    _routes(gate, labels, hosts)
    gate.gateway(*gate.protocols(*(gate.https(label, hosts[label]) for label in labels)))
    gate.ask(gate.name("any"), gate.name("x.deep"), gate.name("any.deeper"), gate.name("one"))


def nameless(maker: Maker) -> None:
    """A listener without a hostname, beside others."""
    gate = Gate(maker)
    hosts = {"any": None, "wild": gate.name("*"), "one": gate.name("one")}
    labels = ["any", *gate.choices.some(("wild", "one"), 2, least=1)]
    for label in labels:
        if gate.choices.chance(0.6):
            gate.policy(validation(gate), label)
    _routes(gate, labels, hosts)
    gate.gateway(*gate.protocols(*(gate.https(label, hosts[label]) for label in labels)))
    gate.ask(gate.name("any"), gate.name("one"))


def certificates(maker: Maker) -> None:
    """Listeners' certificates that are missing, of others or broken."""
    gate = Gate(maker)
    pair = gate.material.pair()
    tls = "kubernetes.io/tls"
    own = {
        "untyped": (pair, "Opaque"),
        "mixed": ({**pair, "tls.key": gate.material.key("carol").read_text()}, tls),
        "words": ({**pair, "tls.crt": "nothing"}, tls),
        "keyless": ({**pair, "tls.key": ""}, tls),
    }
    for name, (data, kind) in own.items():
        maker.secrets.add(name, data, gate.own, kind)
    elsewhere = {"name": PAIR, "namespace": gate.other}
    if gate.choices.chance(0.5):
        gate.grant(gate.choices.one(("Gateway", "Gateway", "HTTPRoute")))
    forms: dict[str, Any] = {
        "good": [{"name": PAIR}],
        "missing": [{"name": "missing"}],
        "foreign": [elsewhere],
        "map": [{"kind": "ConfigMap", "name": PAIR}],
        "two": [{"name": "missing"}, {"name": PAIR}],
        SERVER: [{"name": SERVER}],
        **{name: [{"name": name}] for name in own},
    }
    made = []
    labels = gate.choices.some(list(forms), 5, least=4)
    for label in labels:
        listener = gate.https(label, gate.name(label))
        listener["tls"]["certificateRefs"] = forms[label]
        gate.route(gate.name(label), section=gate.choices.one((label, None)))
        gate.policy(validation(gate), label)
        made.append(listener)
    if gate.choices.chance(0.5):
        gate.route(gate.name("*"), section="wild")
        made.append(gate.https("wild", gate.name("*")))
    gate.gateway(*gate.protocols(*made))


def ports(maker: Maker) -> None:
    """Listeners of one name at several ports."""
    gate = Gate(maker)
    one, two = gate.name("one"), gate.name("two")
    made = [gate.https("one", one), gate.https("one-high", one, port=8443)]
    if gate.choices.chance(0.5):
        made.append(gate.https("two", two, port=gate.choices.one((443, 8443))))
    if gate.choices.chance(0.4):
        made.append(gate.https("any", None, port=8443))
    for listener in made:
        if gate.choices.chance(0.6):
            gate.policy(validation(gate), listener["name"], older=gate.choices.chance(0.5))
    if gate.choices.chance(0.3):
        gate.policy(validation(gate))
    tos: tuple[dict[str, Any], ...] = ({}, {"port": 443}, {"port": 8443}, {"sectionName": "one-high"}, {"port": 80})
    gate.route(one, to=gate.choices.one(tos))
    gate.route(one, to=gate.choices.one(tos), rules=[_rule(gate, "/api")])
    gate.route(two, to=gate.choices.one(tos))
    gate.gateway(*gate.protocols(*made))


def protocols(maker: Maker) -> None:
    """Listeners of several protocols at one port."""
    gate = Gate(maker)
    one, two = gate.name("one"), gate.name("two")
    made = [gate.https("one", one), gate.https("two", two)]
    form = gate.choices.one(("http", "http at another", "tls", "set", "tcp"))
    if form == "http":
        made.append(gate.http("mixed", port=443, hostname=gate.choices.one((one, gate.name("plain")))))
    elif form == "http at another":
        made += [gate.http("mixed", port=8443), gate.https("high", one, port=8443)]
    elif form == "tls":
        tls = {"mode": "Passthrough"}
        made.append({"name": "mixed", "protocol": "TLS", "port": 443, "hostname": gate.name("tls"), "tls": tls})
    elif form == "set":
        gate.listener_set("set", gate.http("mixed", port=443, hostname=gate.name("plain")))
    else:
        made.append({"name": "mixed", "protocol": "TCP", "port": gate.choices.one((443, 9443))})
    gate.policy(validation(gate), "one")
    gate.route(one, section=gate.choices.one(("one", None)))
    gate.route(two)
    gate.gateway(gate.http(), *made, allowedListeners={"namespaces": {"from": "Same"}})


def classes(maker: Maker) -> None:
    """Gateways of one name and of several classes."""
    gate = Gate(maker)
    one = gate.name("one")
    gate.gateway(*gate.protocols(gate.https("one", one)))
    gate.policy(validation(gate), "one")
    gate.route(one, section="one")
    second = gate.choices.one((CLASS, OTHER_CLASS, OTHER_CLASS))
    gate.gateway(gate.https("one", one), name="second", class_name=second)
    if gate.choices.chance(0.6):
        gate.policy(validation(gate), "one", to={"name": "second"})
    gate.route(one, gate.name("two"), to={"name": "second"})


def sets(maker: Maker) -> None:
    """Listeners of ListenerSets, and policies of theirs."""
    gate = Gate(maker)
    one, two, three = (gate.name(label) for label in ("one", "two", "three"))
    own = gate.https("own", gate.choices.one((gate.name("own"), two, None)))
    first = [gate.https("l", one), gate.https("m", two)]
    second = [gate.https("l", gate.choices.one((three, one)))]
    if gate.choices.chance(0.3):
        second.append(gate.http("h", hostname=three))
    if gate.choices.chance(0.2):
        first[1]["tls"]["certificateRefs"][0]["name"] = "missing"
    gate.listener_set("first", *first, older=gate.choices.chance(0.5))
    gate.listener_set("second", *second, older=gate.choices.chance(0.5))
    gate.gateway(*gate.protocols(own), allowedListeners={"namespaces": {"from": "Same"}})
    targets: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
        ({"kind": "ListenerSet", "name": "first"}, ("l",)),
        ({"kind": "ListenerSet", "name": "first"}, ()),
        ({"kind": "ListenerSet", "name": "second"}, ("l",)),
        ({"kind": "ListenerSet", "name": "second"}, ()),
        ({}, ()),
        ({}, ("own",)),
        ({}, ("l",)),
        ({"kind": "ListenerSet"}, ()),
    )
    for to, names in gate.choices.some(targets, 4, least=2):
        gate.policy(validation(gate), *names, to=to, older=gate.choices.chance(0.5))
    to = {"kind": "ListenerSet", "group": "gateway.networking.k8s.io", "name": "first"}
    gate.route(one, section="l", to=to)
    gate.route(two, to=gate.choices.one((to, {})))
    gate.route(three, to={**to, "name": "second"})
    gate.route(gate.name("own"), one, to=gate.choices.one(({}, {"sectionName": "own"}, {**to, "name": "second"})))


def sets_of_others(maker: Maker) -> None:
    """ListenerSets of another namespace, and who may add them."""
    gate = Gate(maker)
    one, two = gate.name("one"), gate.name("two")
    namespaces: tuple[dict[str, Any] | None, ...] = (
        None,
        {},
        {"from": "All"},
        {"from": "All"},
        {"from": "Same"},
        {"from": "None"},
        {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": gate.other}}},
        {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": gate.own}}},
    )
    allowed = gate.choices.one(namespaces)
    more = {"allowedListeners": {"namespaces": allowed}} if allowed is not None else {}
    gate.gateway(*gate.protocols(gate.https("own", gate.name("own"))), **more)
    gate.listener_set("far", gate.https("l", one), namespace=gate.other, older=True)
    gate.listener_set("near", gate.https("l", two), older=gate.choices.chance(0.5))
    far = {"kind": "ListenerSet", "group": "gateway.networking.k8s.io", "name": "far", "namespace": gate.other}
    gate.route(one, to=far, namespace=gate.choices.one((gate.own, gate.other)))
    gate.route(two, to={**far, "name": "near", "namespace": gate.own})
    gate.route(gate.name("own"), one, two)
    elsewhere = {"caCertificateRefs": [gate.secret({"ca.crt": gate.material.bundle("high")}, gate.other)]}
    if gate.choices.chance(0.6):
        target = {"kind": "ListenerSet", "name": "far"}
        gate.policy(elsewhere, *gate.choices.one(((), ("l",))), to=target, namespace=gate.other)
    if gate.choices.chance(0.6):
        gate.policy(validation(gate))
    if gate.choices.chance(0.4):
        gate.policy(validation(gate), to={"kind": "ListenerSet", "name": gate.choices.one(("near", "far"))})


def allowed_routes(maker: Maker) -> None:
    """Listeners that take routes of some namespaces and kinds."""
    gate = Gate(maker)
    by_name = "kubernetes.io/metadata.name"
    forms: tuple[dict[str, Any], ...] = (
        {},
        {"namespaces": {"from": "All"}},
        {"namespaces": {"from": "Same"}},
        {"namespaces": {"from": "Selector", "selector": {"matchLabels": {by_name: gate.other}}}},
        {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"e2e.mtlsgen.dev/truth": "yes"}}}},
        {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"e2e.mtlsgen.dev/truth": "no"}}}},
        {"namespaces": {"from": "Selector", "selector": {
            "matchExpressions": [{"key": by_name, "operator": "NotIn", "values": [gate.other]}]}}},
        {"kinds": [{"kind": "HTTPRoute"}], "namespaces": {"from": "All"}},
        {"kinds": [{"kind": "GRPCRoute"}]},
        {"kinds": [{"kind": "GRPCRoute"}, {"kind": "HTTPRoute"}]},
        {"kinds": [{"kind": "TLSRoute"}]},
    )  # fmt: skip
    made = []
    for number, allowed in enumerate(gate.choices.some(forms, 4, least=4)):
        label = f"n{number}"
        made.append(gate.https(label, gate.name(label), allowedRoutes=allowed))
        gate.route(gate.name(label), section=gate.choices.one((label, None)), namespace=gate.other)
        if gate.choices.chance(0.5):
            gate.route(gate.name(label), section=label, rules=[_rule(gate, "/api")])
        gate.policy(validation(gate), label)
    gate.gateway(*gate.protocols(*made))


def _rule(gate: Gate, prefix: str) -> Object:
    path = {"type": "PathPrefix", "value": prefix}
    return {"matches": [{"path": path}], "backendRefs": [gate.backend()]}


def _routes(gate: Gate, labels: list[str], hosts: dict[str, Any]) -> None:
    """Routes of these listeners' names and of names below them, at one listener or at all."""
    for label in labels:
        host = hosts[label]
        section = gate.choices.one((label, label, None))
        gate.route(*([host] if host and gate.choices.chance(0.7) else []), section=section)
    if gate.choices.chance(0.7):
        gate.route(gate.name("multi"), section=gate.choices.one((None, None, *labels)))
    if gate.choices.chance(0.4):
        gate.route(gate.name("a.deep"), gate.name("one"), section=gate.choices.one((None, *labels)))
