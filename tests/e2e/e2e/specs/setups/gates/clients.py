"""Kinds of set-ups: which clients a policy or a Gateway admits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..maker import Maker
from ..material import BUNDLES, LISTS, MORE_BUNDLES, MORE_LISTS
from .gate import CLASS, Gate

MODES = (None, "RequireAndVerify", "RequireAndVerify", "VerifyIfGiven", "Request", "RequireAny")
_BUNDLES = (*BUNDLES, *MORE_BUNDLES)
_LISTS = (*LISTS, *MORE_LISTS)
#: What the Gateway itself may name is not judged by Envoy Gateway: Envoy has to read it.
_HANDED_ON = ("high", "all", "middle", "late and root", "late")
_NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n"
_NO_LIST = _NO_CERTIFICATE.replace("CERTIFICATE", "X509 CRL")
#: Names of `MORE_CLIENTS`, and others.
_NAMES: dict[str, Sequence[dict[str, str]]] = {
    "dnsNames": (
        {"type": "Exact", "value": "alice.example"},
        {"value": "Alice.Example"},
        {"type": "Exact", "value": "zed.example"},
        {"type": "Exact", "value": "a.b.example"},
        {"type": "Exact", "value": "*.example"},
        {"type": "Prefix", "value": "alice"},
        {"type": "Prefix", "value": "*"},
        {"type": "Suffix", "value": "example"},
        {"type": "Suffix", "value": ".EXAMPLE"},
        {"type": "RegularExpression", "value": "a.*e"},
        {"type": "RegularExpression", "value": "alice"},
        {"type": "RegularExpression", "value": "(alice|bob)[.]example"},
        {"type": "RegularExpression", "value": "alice.example|x"},
        {"type": "RegularExpression", "value": "^alice[.]example$"},
    ),
    "uris": (
        {"type": "Exact", "value": "spiffe://td/alice"},
        {"type": "Exact", "value": "SPIFFE://td/alice"},
        {"type": "Prefix", "value": "spiffe://td/"},
        {"type": "RegularExpression", "value": "spiffe://td/[a-z]+"},
    ),
    "emailAddresses": (
        {"type": "Exact", "value": "alice@example"},
        {"type": "Exact", "value": "ALICE@example"},
        {"type": "Suffix", "value": "@example"},
    ),
    "ipAddresses": (
        {"type": "Exact", "value": "10.0.0.1"},
        {"type": "Exact", "value": "2001:db8::1"},
        {"type": "Exact", "value": "2001:0db8::1"},
        {"type": "Prefix", "value": "10.0."},
        {"type": "Prefix", "value": "2001:"},
    ),
}


def anchors(maker: Maker) -> None:
    """Bundles of roots, intermediates, leaves and what has expired."""
    gate = _gate(maker)
    made = []
    for number, bundle in enumerate(gate.choices.some(_BUNDLES, 5, least=5)):
        validation = gate.trust(bundle, **_mode(gate))
        if gate.choices.chance(0.3):
            validation["caCertificateRefs"].append(gate.authority(gate.choices.one(_BUNDLES)))
        made.append(gate.protected(f"a{number}", validation))
    gate.gateway(*gate.protocols(*made))


def references(maker: Maker) -> None:
    """References to authorities, in every form."""
    gate = _gate(maker)
    made = []
    forms = _references(gate)
    for number, form in enumerate(gate.choices.some(list(forms), 5, least=5)):
        refs = forms[form]()
        if gate.choices.chance(0.3):
            refs.insert(gate.choices.number(0, 1), gate.authority("other"))
        made.append(gate.protected(f"f{number}", {"caCertificateRefs": refs, **_mode(gate)}))
    gate.gateway(*gate.protocols(*made))


def modes(maker: Maker) -> None:
    """Modes, with an authority and without."""
    gate = _gate(maker)
    made = []
    for number in range(4):
        validation: dict[str, Any] = gate.choices.maybe(0.3, optional=gate.choices.chance(0.7))
        if mode := gate.choices.one(MODES):
            validation["mode"] = mode
        if gate.choices.chance(0.75):
            validation |= gate.trust(gate.choices.one(("high", "high", "all", "middle")))
        made.append(gate.protected(f"m{number}", validation))
    gate.gateway(*gate.protocols(*made))


def lists(maker: Maker) -> None:
    """Lists of what is revoked, for whole chains."""
    _lists(maker, False)


def lists_of_leaves(maker: Maker) -> None:
    """The same for clients' certificates alone."""
    _lists(maker, True)


def list_references(maker: Maker) -> None:
    """References to lists, in every form."""
    gate = _gate(maker)
    complete = gate.material.lists("complete")
    forms: dict[str, Callable[[], list[Any]]] = {
        "missing": lambda: [gate.reference("Secret", "missing")],
        "with another key": lambda: [gate.secret({"crl.pem": complete})],
        "with other keys": lambda: [gate.secret({"crl.pem": complete, "ca.pem": complete})],
        "with words": lambda: [gate.secret({"ca.crl": "nothing"})],
        "with no list in PEM": lambda: [gate.secret({"ca.crl": _NO_LIST})],
        "with words before": lambda: [gate.secret({"ca.crl": f"nothing\n{complete}"})],
        "with words behind": lambda: [gate.secret({"ca.crl": f"{complete}nothing\n"})],
        "with a certificate": lambda: [gate.secret({"ca.crl": gate.material.bundle("high")})],
        "with a certificate behind": lambda: [gate.secret({"ca.crl": complete + gate.material.bundle("high")})],
        "with a certificate before": lambda: [gate.secret({"ca.crl": gate.material.bundle("high") + complete})],
        "of a ConfigMap": lambda: [gate.config_map({"ca.crl": complete})],
        "one by one": lambda: [gate.secret({"ca.crl": gate.material.lists(each)}) for each in ("of the low", "of two")],
        "twice": lambda: [gate.secret({"ca.crl": complete})] * 2,
        "and one that is missing": lambda: [gate.secret({"ca.crl": complete}), gate.reference("Secret", "missing")],
        "beside the authority": lambda: [
            gate.secret({"ca.crl": complete, "ca.crt": gate.material.bundle("high")}),
        ],
        "of another namespace": lambda: [gate.secret({"ca.crl": complete}, gate.other)],
    }
    if gate.choices.chance(0.3):
        gate.grant("ClientTrafficPolicy")
    made = []
    for number, form in enumerate(gate.choices.some(list(forms), 4, least=4)):
        lists = {"refs": forms[form](), **gate.choices.maybe(0.2, onlyVerifyLeafCertificate=True)}
        made.append(gate.protected(f"r{number}", gate.trust("high", crl=lists, **_mode(gate))))
    gate.gateway(*gate.protocols(*made))


def names(maker: Maker) -> None:
    """Alternative names of clients."""
    gate = _gate(maker)
    made = []
    for number in range(4):
        wanted: dict[str, Any] = {}
        for kind in gate.choices.some(list(_NAMES), 2):
            wanted[kind] = gate.choices.some(_NAMES[kind], 2, least=1)
        if not wanted:
            wanted["dnsNames"] = gate.choices.some(_NAMES["dnsNames"], 3, least=1)
        validation = gate.trust("high", subjectAltNames=wanted, **_mode(gate))
        if gate.choices.chance(0.2):
            validation["certificateHashes"] = [gate.material.hashes(gate.choices.one(("dns", "carol", "uri")))[0]]
        made.append(gate.protected(f"n{number}", validation))
    gate.gateway(*gate.protocols(*made))


def hashes(maker: Maker) -> None:
    """Hashes of certificates and of keys."""
    gate = _gate(maker)
    made = []
    clients = ("carol", "alice", "dns", "stranger", "rsa")
    for number in range(4):
        validation = gate.trust("high", **_mode(gate))
        form = gate.choices.one(("certificate", "key", "both", "two", "of the authority"))
        first, second = (gate.material.hashes(each) for each in gate.choices.some(clients, 2, least=2))
        if form == "of the authority":
            first, form = gate.material.hashes("authority"), "both"
        if form != "key":
            word = gate.choices.one((first[0], first[0].upper(), _with_colons(first[0])))
            validation["certificateHashes"] = [word, *([second[0]] if form == "two" else [])]
        if form in ("key", "both"):
            validation["spkiHashes"] = [second[1]]
        made.append(gate.protected(f"h{number}", validation))
    gate.gateway(*gate.protocols(*made))


def old_ones(maker: Maker) -> None:
    """Certificates that may have expired."""
    gate = _gate(maker)
    made = []
    for number in range(4):
        mode = gate.choices.one((None, "RequireAndVerify", "VerifyIfGiven"))
        more = {"mode": mode} if mode else {}
        if gate.choices.chance(0.4):
            more["crl"] = _listed(gate, gate.choices.one(("complete", "an old one", "of the middle")))
        if gate.choices.chance(0.2):
            more["certificateHashes"] = [gate.material.hashes(gate.choices.one(("expired", "alice", "early")))[0]]
        bundle = gate.choices.one(("high", "high", "all", "late", "late and root", "leaf"))
        validation = gate.trust(bundle, allowExpiredCertificate=gate.choices.chance(0.8), **more)
        made.append(gate.protected(f"o{number}", validation))
    gate.gateway(*gate.protocols(*made))


def frontends(maker: Maker) -> None:
    """What the Gateway itself asks, at all ports and at one, and policies beside that."""
    gate = _gate(maker)
    hosts = {label: gate.name(label) for label in ("one", "two", "high")}
    made = [gate.https("one", hosts["one"]), gate.https("two", hosts["two"])]
    made.append(gate.https("high", hosts["high"], port=8443))
    for label, host in hosts.items():
        gate.route(host, section=gate.choices.one((label, label, None)))
    frontend: dict[str, Any] = {"default": _frontend(gate)}
    if gate.choices.chance(0.6):
        ports = gate.choices.some((443, 8443), 2, least=1)
        frontend["perPort"] = [{"port": port, "tls": _frontend(gate)} for port in ports]
    validations = [None, gate.trust("other"), gate.trust("high", mode="VerifyIfGiven"), {}]
    for label in gate.choices.some(("two", "high"), 2):
        gate.policy(gate.choices.one(validations), label)
    gate.gateway(*gate.protocols(*made), tls={"frontend": frontend}, class_name=CLASS)


def _frontend(gate: Gate) -> dict[str, Any]:
    form = gate.choices.one(("nothing", "map", "map", "map", "two", "missing", "secret"))
    if form == "nothing":
        return {}
    bundle = gate.material.bundle
    forms: dict[str, Callable[[], list[Any]]] = {
        "map": lambda: [gate.config_map({"ca.crt": bundle(gate.choices.one(_HANDED_ON))})],
        "two": lambda: [gate.config_map({"ca.crt": bundle(each)}) for each in ("high", "other")],
        "missing": lambda: [gate.reference("ConfigMap", "missing")],
        "secret": lambda: [gate.authority()],
    }
    insecure = gate.choices.maybe(0.2, mode="AllowInsecureFallback")
    return {"validation": {"caCertificateRefs": forms[form](), **insecure}}


def _lists(maker: Maker, leaves: bool) -> None:
    gate = _gate(maker)
    made = []
    for number, name in enumerate(gate.choices.some(_LISTS, 5, least=5)):
        bundle = gate.choices.one(("high", "high", "all", "two", "middle", "middle and low", "low"))
        found = _listed(gate, name) | ({"onlyVerifyLeafCertificate": True} if leaves else {})
        more = _mode(gate) if gate.choices.chance(0.3) else {}
        made.append(gate.protected(f"l{number}", gate.trust(bundle, crl=found, **more)))
    gate.gateway(*gate.protocols(*made))


def _listed(gate: Gate, name: str) -> dict[str, Any]:
    return {"refs": [gate.secret({"ca.crl": gate.material.lists(name)})]}


def _references(gate: Gate) -> dict[str, Callable[[], list[Any]]]:
    bundle = gate.material.bundle("high")

    def elsewhere(kind: str, granted: bool) -> list[Any]:
        make = gate.secret if kind == "Secret" else gate.config_map
        reference = make({"ca.crt": bundle}, gate.other)
        if granted:
            gate.grant("ClientTrafficPolicy", kind, reference["name"])
        return [reference]

    def misplaced() -> list[Any]:
        gate.grant("Gateway")
        return elsewhere("Secret", False)

    return {
        "of its own": lambda: [gate.authority()],
        "none": lambda: [],
        "missing": lambda: [gate.reference("Secret", "missing")],
        "of another kind": lambda: [gate.reference("ConfigMap", gate.authority()["name"])],
        "by name alone": lambda: [{"name": gate.authority()["name"]}],
        "of another namespace": lambda: elsewhere("Secret", False),
        "of another namespace, granted": lambda: elsewhere("Secret", True),
        "of another namespace, granted to others": misplaced,
        "a ConfigMap": lambda: [gate.config_map({"ca.crt": bundle})],
        "a ConfigMap of another namespace": lambda: elsewhere("ConfigMap", False),
        "a ConfigMap of another namespace, granted": lambda: elsewhere("ConfigMap", True),
        "a ConfigMap with another key": lambda: [gate.config_map({"x": bundle})],
        "without anything": lambda: [gate.secret({})],
        "with an empty ca.crt": lambda: [gate.secret({"ca.crt": ""})],
        "with one other key": lambda: [gate.secret({"ca.pem": bundle})],
        "with two other keys": lambda: [gate.secret({"ca.pem": bundle, "tls.crt": bundle})],
        "with words": lambda: [gate.secret({"ca.crt": "nothing"})],
        "with no certificate in PEM": lambda: [gate.secret({"ca.crt": _NO_CERTIFICATE})],
        "with no certificate before": lambda: [gate.secret({"ca.crt": _NO_CERTIFICATE + bundle})],
        "with no certificate behind": lambda: [gate.secret({"ca.crt": bundle + _NO_CERTIFICATE})],
        "with words before": lambda: [gate.secret({"ca.crt": f"nothing\n{bundle}"})],
        "with words behind": lambda: [gate.secret({"ca.crt": f"{bundle}nothing\n"})],
        "with a private key": lambda: [gate.secret({"ca.crt": gate.material.pair()["tls.key"]})],
        "with a private key behind": lambda: [gate.secret({"ca.crt": bundle + gate.material.pair()["tls.key"]})],
        "twice": lambda: [gate.authority()] * 2,
        "one that has expired": lambda: [gate.authority("late")],
    }


def _mode(gate: Gate) -> dict[str, Any]:
    mode = gate.choices.one(MODES)
    return {"mode": mode} if mode else {}


def _gate(maker: Maker) -> Gate:
    maker.setup.is_for_more = True
    return Gate(maker)


def _with_colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
