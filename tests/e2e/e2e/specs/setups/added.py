"""Kinds of set-ups: what others add beside a protected host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .maker import Maker, Path

#: What leads requests away, is not taken, or means nothing.
_NOTES: tuple[Mapping[str, str], ...] = (
    {"permanent-redirect": "https://elsewhere.test"},
    {"temporal-redirect": "https://elsewhere.test/page"},
    {"from-to-www-redirect": "true"},
    {"server-snippet": "location /snippet { return 200; }"},
    {"configuration-snippet": "return 200;"},
    {"auth-tls-unheard-of": "off"},
    {"auth-tls-verify-client": "off"},
    {"auth-tls-match-cn": "CN=.*"},
    {"proxy-body-size": "8m"},
    {"preserve-trailing-slash": "true"},
    {"unheard-of": "x"},
)
_PLACES: tuple[Path, ...] = (("Prefix", "/"), ("Prefix", "/api"), ("Exact", "/api/v1"))
_TRAEFIK = "traefik.io/v1alpha1"


def notes_beside(maker: Maker) -> None:
    """A protected Ingress, and some of its host with annotations of another kind."""
    host = maker.name("one")
    maker.ingress(host, maker.auth(), older=maker.choices.chance(0.5))
    for path in maker.choices.some(_PLACES, 2, least=1):
        notes = maker.choices.one(_NOTES)
        asks = maker.auth() if maker.choices.chance(0.4) else {}
        maker.ingress(host, {**asks, **notes}, paths=(path,), older=maker.choices.chance(0.5))
    maker.ingress(maker.name("two"), {**maker.auth(), **maker.choices.one(_NOTES)})
    maker.ask(maker.name("www.one"))


def composed_names(maker: Maker) -> None:
    """Secrets and Services of two namespaces, whose names put together are the same."""
    first, second = maker.setup.namespaces
    # The second one's name is the first one's and `-b`.
    maker.secrets.add("b-trust", {"ca.crt": maker.material.bundle("high")}, first)
    maker.secrets.add("trust", {"ca.crt": maker.material.bundle(maker.choices.one(("other", "two")))}, second)
    word = maker.choices.one(("on", "on", "optional", "off"))
    older = maker.choices.chance(0.5)
    maker.ingress(maker.name("one"), {"auth-tls-secret": f"{first}/b-trust"}, older=older)
    if maker.choices.chance(0.8):
        notes = {"auth-tls-secret": f"{second}/trust", "auth-tls-verify-client": word}
        maker.ingress(maker.name("two"), notes, namespace=second, older=not older)


def connections(maker: Maker) -> None:
    """A protected Ingress, and an IngressRouteTCP of its host or of another one."""
    host = maker.name("one")
    maker.ingress(host, maker.auth())
    name = maker.choices.one((host, host, maker.name("two")))
    tls: dict[str, Any] = maker.choices.one(({}, {"passthrough": True}))
    service = maker.service(maker.setup.namespaces[0])["service"]["name"]
    route = {"match": f"HostSNI(`{name}`)", "services": [{"name": service, "port": 80}]}
    _add(maker, "IngressRouteTCP", "connections", {"entryPoints": ["https"], "routes": [route], "tls": tls})
    maker.ask(name)


def detached(maker: Maker) -> None:
    """A protected Ingress, and objects of Traefik's that nothing names."""
    maker.ingress(maker.name("one"), maker.auth())
    auth = maker.choices.one(({}, {"clientAuthType": "RequireAnyClientCert"}))
    _add(maker, "TLSOption", "detached", {"clientAuth": auth})
    _add(maker, "TLSOption", "elsewhere", {"clientAuth": auth}, maker.setup.namespaces[1])
    _add(maker, "Middleware", "detached", {"redirectScheme": {"scheme": "http"}})
    _add(maker, "ServersTransport", "default", {"insecureSkipVerify": True})


def _add(maker: Maker, kind: str, name: str, spec: dict[str, Any], namespace: str | None = None) -> None:
    metadata = {"name": name, "namespace": namespace or maker.setup.namespaces[0]}
    maker.setup.younger.append({"apiVersion": _TRAEFIK, "kind": kind, "metadata": metadata, "spec": spec})
