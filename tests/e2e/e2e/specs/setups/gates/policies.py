"""Kinds of set-ups: which policy a listener has."""

from __future__ import annotations

from typing import Any

from ..maker import Maker
from ..setup import Object
from .gate import GATEWAY, Gate

_API = "gateway.networking.k8s.io"
_FORWARDING = (None, "Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly")
_DETAILS = ("Subject", "Cert", "Chain", "DNS", "URI")


def ages(maker: Maker) -> None:
    """Several policies of one section, older and younger ones."""
    gate = Gate(maker)
    labels = ("one", "two", "three")
    for label in labels:
        gate.route(gate.name(label), section=label)
        for number in range(gate.choices.number(2, 3)):
            name = f"{gate.choices.one('abcxyz')}{number}-{label}"
            gate.policy(validation(gate), label, name=name, older=gate.choices.chance(0.5))
    gate.gateway(*gate.protocols(*(gate.https(label, gate.name(label)) for label in labels)))


def sections(maker: Maker) -> None:
    """Policies of sections, and of the whole Gateway."""
    gate = Gate(maker)
    labels = ("one", "two", "three")
    for label in labels:
        gate.route(gate.name(label), section=label)
    for label in gate.choices.some(labels, 2, least=1):
        gate.policy(validation(gate), label, older=gate.choices.chance(0.5))
    for _ in range(gate.choices.number(1, 2)):
        gate.policy(validation(gate), older=gate.choices.chance(0.5))
    gate.gateway(*gate.protocols(*(gate.https(label, gate.name(label)) for label in labels)))


def mistakes(maker: Maker) -> None:
    """Policies that are about nothing."""
    gate = Gate(maker)
    labels = [f"w{number}" for number in range(5)]
    for label in labels:
        gate.route(gate.name(label), section=label)
    elsewhere = {"caCertificateRefs": [gate.secret({"ca.crt": gate.material.bundle("high")}, gate.other)]}
    gate.policy(gate.trust(), labels[0], to={"name": "wbe"})
    gate.policy(elsewhere, labels[1], namespace=gate.other)
    gate.policy(gate.trust(), "missing")
    gate.policy(gate.trust(), labels[3], to={"kind": "ListenerSet"})
    gate.policy(gate.trust(), *gate.choices.some(labels, 2, least=1), "missing", older=gate.choices.chance(0.5))
    if gate.choices.chance(0.3):
        gate.policy(gate.trust("other"))
    gate.gateway(*gate.protocols(*(gate.https(label, gate.name(label)) for label in labels)))


def selectors(maker: Maker) -> None:
    """Policies by the labels of Gateways."""
    gate = Gate(maker)
    labels = ("one", "two")
    for label in labels:
        gate.route(gate.name(label), section=label)
    made = gate.gateway(*gate.protocols(*(gate.https(label, gate.name(label)) for label in labels)))
    made["metadata"]["labels"] = {"tier": "front", "team": "a"}
    fitting: tuple[dict[str, Any], ...] = (
        {"matchLabels": {"tier": "front"}},
        {"matchLabels": {"tier": "front", "team": "b"}},
        {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front", "back"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]},
        {"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]},
        {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
        {},
    )
    for _ in range(gate.choices.number(1, 2)):
        selector = {"group": _API, "kind": gate.choices.one(("Gateway", "Gateway", "Gateway", "ListenerSet"))}
        selector |= gate.choices.one(fitting)
        selector |= gate.choices.maybe(0.2, namespaces={"from": gate.choices.one(("Same", "All"))})
        gate.policy(validation(gate), targets={"targetSelectors": [selector]}, older=gate.choices.chance(0.5))
    if gate.choices.chance(0.4):
        gate.policy(validation(gate), gate.choices.one(labels))
    if gate.choices.chance(0.3):
        gate.policy(validation(gate), older=gate.choices.chance(0.5))


def several_targets(maker: Maker) -> None:
    """Policies of several sections and Gateways, and in the old form."""
    gate = Gate(maker)
    labels = ("one", "two", "three")
    for label in labels:
        gate.route(gate.name(label), section=label)
        gate.route(gate.name(label), to={"name": "second"}, section=label)
    target = {"group": _API, "kind": "Gateway", "name": GATEWAY}
    second = {**target, "name": "second"}
    gate.policy(
        validation(gate),
        targets={"targetRefs": [{**target, "sectionName": "one"}, second, {**second, "sectionName": "two"}]},
        older=gate.choices.chance(0.5),
    )
    gate.policy(validation(gate), *gate.choices.some(labels, 3, least=2), older=gate.choices.chance(0.5))
    old = gate.choices.one((target, {**target, "sectionName": "three"}, {**second, "sectionName": "three"}))
    gate.policy(validation(gate), targets={"targetRef": old}, older=gate.choices.chance(0.5))
    if gate.choices.chance(0.3):
        gate.policy(validation(gate), targets={"targetRefs": [target, {**target, "sectionName": "one"}]})
    for name in (GATEWAY, "second"):
        gate.gateway(*(gate.https(label, gate.name(label)) for label in labels), name=name)


def forwarding(maker: Maker) -> None:
    """What clients say of themselves."""
    gate = Gate(maker)
    made = [gate.http()]
    for number in range(4):
        details = gate.choices.some(_DETAILS, 3)
        mode = gate.choices.one(_FORWARDING)
        header = {"mode": mode} if mode else {}
        if mode in ("AppendForward", "SanitizeSet") and details:
            header["certDetailsToAdd"] = details
        headers = {"xForwardedClientCert": header}
        made.append(gate.protected(f"x{number}", validation(gate), headers=headers))
    if gate.choices.chance(0.5):
        mode = gate.choices.one(_FORWARDING[1:])
        gate.policy(gate.trust(), "http", headers={"xForwardedClientCert": {"mode": mode}})
    gate.route(gate.name("plain"))
    gate.gateway(*made)


def validation(gate: Gate) -> Object | None:
    """What a policy asks of clients, broken now and then, or nothing."""
    form = gate.choices.one(("none", "high", "high", "other", "two", "given", "broken", "any"))
    forms: dict[str, Object | None] = {
        "none": None,
        "broken": {"caCertificateRefs": [gate.reference("Secret", "missing")]},
    }
    if form in forms:
        return forms[form]
    if form == "given":
        return gate.trust(mode="VerifyIfGiven")
    if form == "any":
        return gate.trust(mode=gate.choices.one(("RequireAny", "Request")))
    return gate.trust(form)
