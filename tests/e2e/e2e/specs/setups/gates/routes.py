"""Kinds of set-ups: where routes attach, and what they do."""

from __future__ import annotations

from typing import Any

from ..maker import Maker
from ..setup import Object
from .gate import Gate
from .policies import validation

_PATHS: tuple[Object, ...] = (
    {"type": "PathPrefix", "value": "/"},
    {"type": "PathPrefix", "value": "/api"},
    {"type": "PathPrefix", "value": "/api/"},
    {"type": "PathPrefix", "value": "/api/v1"},
    {"type": "Exact", "value": "/api"},
    {"type": "Exact", "value": "/page"},
    {"type": "Exact", "value": "/api/v1"},
    {"type": "RegularExpression", "value": "/a.*"},
    {"type": "RegularExpression", "value": "/api"},
    {"type": "RegularExpression", "value": "/(page|elsewhere)"},
    {"type": "RegularExpression", "value": "/api/v[0-9]"},
)


def hostnames(maker: Maker) -> None:
    """Routes of several names at listeners of several names."""
    gate = Gate(maker)
    listeners = {"wild": gate.name("*"), "one": gate.name("one"), "wide": "*.truth.test", "any": None}
    labels = gate.choices.some(list(listeners), 3, least=2)
    hosts = [gate.name("one"), gate.name("two"), gate.name("x.two"), gate.name("*"), gate.name("*.two")]
    for _ in range(3):
        section = gate.choices.one((None, None, *labels))
        gate.route(*gate.choices.some(hosts, 3), section=section, older=gate.choices.chance(0.5))
    for label in labels:
        if gate.choices.chance(0.6):
            gate.policy(validation(gate), label)
    plain = gate.choices.one(((), (gate.http(),), (gate.http(hostname=gate.name("*")),)))
    gate.gateway(*plain, *(gate.https(label, listeners[label]) for label in labels))
    gate.ask(gate.name("one"), gate.name("two"), gate.name("x.two"), gate.name("other"))


def parents(maker: Maker) -> None:
    """What routes attach to: several things, and things that are not there."""
    gate = Gate(maker)
    labels = ("one", "two", "three")
    parent = {"name": "web"}
    forms: tuple[list[dict[str, Any]], ...] = (
        [parent],
        [{**parent, "sectionName": "one"}, {**parent, "sectionName": "two"}],
        [{**parent, "sectionName": "missing"}],
        [{**parent, "sectionName": "missing"}, {**parent, "sectionName": "three"}],
        [{**parent, "port": 443}],
        [{**parent, "port": 80}],
        [{**parent, "port": 443, "sectionName": "http"}],
        [{"name": "wbe"}],
        [{**parent, "namespace": gate.other}],
        [{**parent, "kind": "Service", "group": ""}],
        [{**parent, "kind": "ListenerSet"}],
    )
    for label in labels:
        gate.route(gate.name(label), parents=gate.choices.one(forms), older=gate.choices.chance(0.5))
        gate.policy(validation(gate), label)
    gate.route(*map(gate.name, labels), parents=gate.choices.one(forms))
    gate.gateway(gate.http(), *(gate.https(label, gate.name(label)) for label in labels))


def paths(maker: Maker) -> None:
    """Paths within each other, of one route and of several."""
    gate = Gate(maker)
    host = gate.name("one")
    for _ in range(gate.choices.number(2, 3)):
        rules = []
        for path in gate.choices.some(_PATHS, 3, least=1):
            match: Object = {"path": path}
            match |= gate.choices.maybe(0.1, method="POST")
            match |= gate.choices.maybe(0.1, headers=[{"name": "x-one", "value": "1"}])
            rules.append({"matches": [match], "backendRefs": [gate.backend()]})
        section = gate.choices.one(("one", "one", None))
        gate.route(host, section=section, rules=rules, older=gate.choices.chance(0.5))
    if gate.choices.chance(0.3):
        gate.route(gate.name("*"))
    gate.policy(validation(gate), "one")
    gate.gateway(gate.http(), gate.https("one", host))


def backends(maker: Maker) -> None:
    """Services that are there, missing, of others, and shares of them."""
    gate = Gate(maker)
    if gate.choices.chance(0.5):
        gate.grant(*gate.choices.one((("HTTPRoute", "Service"), ("HTTPRoute", "Secret"), ("Gateway", "Service"))))
    made = []
    for number in range(4):
        label = f"b{number}"
        refs = [_backend(gate) for _ in range(gate.choices.number(0, 2))]
        rule: Object = {"backendRefs": refs} if refs else {}
        gate.route(gate.name(label), section=gate.choices.one((label, None)), rules=[rule])
        made.append(gate.https(label, gate.name(label)))
        if gate.choices.chance(0.5):
            gate.policy(validation(gate), label)
    gate.gateway(gate.http(), *made)


def redirects(maker: Maker) -> None:
    """Redirects, and other filters."""
    gate = Gate(maker)
    forms: tuple[dict[str, Any], ...] = (
        {"scheme": "https"},
        {"scheme": "https", "statusCode": 301},
        {"scheme": "https", "port": 8443},
        {"hostname": "elsewhere.test"},
        {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/page"}},
        {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/page"}},
        {"scheme": "http", "statusCode": 302},
        {"statusCode": 307},
    )
    made = []
    for number in range(3):
        label = f"r{number}"
        host = gate.name(label)
        rules: list[Object] = [_redirect(gate.choices.one(forms))]
        if gate.choices.chance(0.4):
            path = {"type": "PathPrefix", "value": "/api"}
            rules.append({"matches": [{"path": path}], "backendRefs": [gate.backend()]})
        gate.route(host, section=gate.choices.one((label, "http", None)), rules=rules)
        if gate.choices.chance(0.5):
            gate.route(host, section=gate.choices.one((label, None)))
        if gate.choices.chance(0.3):
            filters = [gate.choices.one((
                {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-a", "value": "b"}]}},
                {"type": "URLRewrite", "urlRewrite": {"hostname": "elsewhere.test"}},
            ))]  # fmt: skip
            path = {"type": "Exact", "value": "/page"}
            rule = {"matches": [{"path": path}], "filters": filters, "backendRefs": [gate.backend()]}
            gate.route(host, section=label, rules=[rule])
        gate.policy(validation(gate), label)
        made.append(gate.https(label, host))
    gate.gateway(gate.http(), *made)


def _redirect(redirect: dict[str, Any]) -> Object:
    path = {"type": "PathPrefix", "value": "/"}
    return {"matches": [{"path": path}], "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}


def _backend(gate: Gate) -> Object:
    form = gate.choices.one(("good", "good", "good", "missing", "port", "foreign", "weightless", "kind"))
    if form == "missing":
        return {"name": "missing", "port": 80}
    if form == "port":
        return {**gate.backend(), "port": 81}
    if form == "foreign":
        return {**gate.backend(gate.other), "namespace": gate.other}
    if form == "weightless":
        return {**gate.backend(), "weight": 0}
    if form == "kind":
        return {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "missing"}
    return gate.backend()
