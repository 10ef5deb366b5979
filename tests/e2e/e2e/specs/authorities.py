"""Authorities and clients of a generated spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .choices import Choices
from .material import Material

Table = dict[str, Any]


@dataclass
class Authorities:
    """What hosts can trust, and what can sign servers."""

    cas: dict[str, Table] = field(default_factory=dict)
    clients: dict[str, Table] = field(default_factory=dict)
    #: Authorities that a host can trust, each below a root of its own.
    trusted: list[str] = field(default_factory=list)
    #: Values of `tls.issuer`.
    signers: list[str] = field(default_factory=lambda: ["self-signed"])
    #: Authority to its clients' names, for `allow`.
    holders: dict[str, list[str]] = field(default_factory=dict)


def authorities(choices: Choices, material: Material, namespaces: list[str]) -> Authorities:
    """Between none and three trees of authorities for clients, and perhaps one for servers."""
    made = Authorities()
    for number in range(choices.number(0, 3)):
        _tree(choices, made, f"clients-{number}", namespaces)
    if choices.chance(0.2):
        made.cas["partner"] = {"certificate": str(material.partner)}
        made.trusted.append("partner")
    if choices.chance(0.3):
        made.cas["servers"] = _ca(choices, "servers") | choices.maybe(
            0.4, nameConstraints={"permitted": {"dnsDomains": ["example.com"]}}
        )
        made.signers.append("servers")
    if choices.chance(0.15):
        paths = {"certificate": str(material.signing_certificate), "key": str(material.signing_key)}
        made.cas["corporate"] = paths
        made.signers.append("corporate")
    return made


def _tree(choices: Choices, made: Authorities, name: str, namespaces: list[str]) -> None:
    """A root and its intermediates in one line; the last of them signs clients."""
    depth = choices.one((0, 0, 1, 1, 2))
    for level in range(depth, -1, -1):
        at = name if level == 0 else f"{name}-above-{level}"
        above = f"{name}-above-{level + 1}"
        made.cas[at] = _ca(choices, at) | ({"issuer": above} if level < depth else {})
        made.cas[at] |= choices.maybe(0.15, maxPathLen=level)
    made.cas[name] |= choices.maybe(0.3, secretName=f"{name}-bundle")
    made.trusted.append(name)
    made.holders[name] = []
    for number in range(choices.number(0, 2)):
        client = f"{name}-client-{number}"
        made.clients[client] = _client(choices, name, client, namespaces)
        made.holders[name].append(client)


def _ca(choices: Choices, name: str) -> Table:
    return {
        **choices.maybe(0.5, subject=_subject(choices, name)),
        **choices.maybe(0.3, duration=choices.one(("2y", "20y", "3650d", "100000h"))),
        **choices.maybe(0.1, privateKey=_key(choices)),
        **choices.maybe(0.1, serial=choices.one(("01", "127", "0xA0B0"))),
    }


def _client(choices: Choices, issuer: str, name: str, namespaces: list[str]) -> Table:
    secret = {"secretName": f"{name}-certificate"} | choices.maybe(0.5, namespace=choices.one(namespaces))
    return {
        "issuer": issuer,
        **choices.maybe(0.6, subject=_subject(choices, name)),
        **choices.maybe(0.2, dnsNames=[f"{name}.example.com"]),
        **choices.maybe(0.2, emailAddresses=["alice@example.com"]),
        **choices.maybe(0.2, uris=[f"spiffe://example.com/{name}"]),
        **choices.maybe(0.1, ipAddresses=["192.0.2.7", "2001:db8::7"]),
        **choices.maybe(0.1, duration="24h", renewBefore="8h"),
        **choices.maybe(0.1, duration="1y"),
        **(secret if choices.chance(0.5) else {}),
    }


def _subject(choices: Choices, name: str) -> str | Table:
    forms: tuple[str | Table, ...] = (
        f"CN={name}, O=Example.com, OU=a\\, b",
        f"/C=GB/O=Org & Söhne/CN={name}",
        {"commonName": name, "organizations": ["on", "1e3"], "countries": ["GB"], "provinces": ["null"]},
    )
    return choices.one(forms)


def _key(choices: Choices) -> Table:
    return choices.one(({"algorithm": "ECDSA", "size": 384}, {"algorithm": "Ed25519"}, {"algorithm": "ECDSA"}))
