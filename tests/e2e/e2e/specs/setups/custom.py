"""Kinds of set-ups with objects of Traefik's own kinds, and with what Traefik's names and rules make of Ingresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .maker import Maker
from .setup import Object

_VERSION = "traefik.io/v1alpha1"
_TYPES = (
    None, "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert", "RequireAndVerifyClientCert", "Verify",
)  # fmt: skip
_ENTRY_POINTS: tuple[Sequence[str], ...] = (("https",), ("https",), ("https", "http"), ())
_PATHS = ("PathPrefix(`/`)", "PathPrefix(`/api`)", "Path(`/page`)", "PathPrefix(`/api/v1/and/more/than/that`)")


def beside(maker: Maker) -> None:
    """A protected Ingress, and an IngressRoute of its host."""
    host = maker.name("one")
    word = maker.choices.one(("on", "on", "optional", "off"))
    maker.ingress(host, maker.auth(verify_client=word))
    path = maker.choices.one(_PATHS)
    _route(maker, f"Host(`{host}`) && {path}", options=_perhaps_option(maker), tls=maker.choices.chance(0.8))


def settings(maker: Maker) -> None:
    """A TLSOption of each kind, and one that is not there."""
    for number in range(3):
        host = maker.name(f"o{number}")
        _route(maker, f"Host(`{host}`)", options=_option(maker), host=host)
    host = maker.name("missing")
    _route(maker, f"Host(`{host}`)", options="missing", host=host)
    if maker.choices.chance(0.1):
        # It is that of all routers that name none.
        _option(maker, name="default")


def both(maker: Maker) -> None:
    """IngressRoutes of one host with different settings, or with equal ones."""
    host = maker.name("one")
    first = _option(maker)
    second = maker.choices.one((first, None, _option(maker)))
    _route(maker, f"Host(`{host}`)", options=first, host=host)
    namespace = maker.choices.one(maker.setup.namespaces) if second is None else None
    _route(maker, f"Host(`{host}`) && PathPrefix(`/api`)", options=second, namespace=namespace)
    if maker.choices.chance(0.3):
        other = maker.name("two")
        _route(maker, f"Host(`{host}`) || Host(`{other}`)", options=second, host=other, namespace=namespace)
        _route(maker, f"Host(`{other}`) && PathPrefix(`/page`)", options=first)


def rules(maker: Maker) -> None:
    """Rules of every form."""
    one, two = maker.name("one"), maker.name("two")
    label = maker.setup.name
    forms = (
        f"Host(`{one}`) && (PathPrefix(`/api`) || Path(`/page`))",
        f"Host(`{one}`) && !PathPrefix(`/api`)",
        f"(Host(`{one}`) || Host(`{two}`)) && PathPrefix(`/`)",
        f'Host("{one.upper()}")',
        f"host(`{one}`) && pathprefix(`/api`)",
        f"Host(`{one}`) && PathRegexp(`^/a.i`)",
        f"Host(`{one}`) && Method(`POST`)",
        f"Host(`*.{label}.truth.test`) && PathPrefix(`/api`)",
        f"Host(`{one}`) && PathPrefix(`api`)",
        f"Host(`{one}`) &&",
        f"!Host(`{one}`) && PathPrefix(`/{label}`)",
        f"PathPrefix(`/{label}`)",
        f"Host(`{two}`) && (Host(`{one}`) || Path(`/page`))",
    )
    # Seldom: it is unknown who answers for a name that no rule of the batch has.
    if maker.choices.chance(0.05):
        forms = (*forms, f"HostRegexp(`^[a-z]+.{label}.truth.test$`)")
    option = _option(maker)
    for form in maker.choices.some(forms, 3, least=2):
        _route(maker, form, options=maker.choices.one((option, option, None)))
    if maker.choices.chance(0.5):
        maker.ingress(one, maker.auth())
    maker.ask(one, two)


def names_meet(maker: Maker) -> None:
    """Ingresses whose routers have one name, and Secrets whose names differ in a dot."""
    first, second = maker.setup.namespaces
    # The second one's name is the first one's and `-b`.
    maker.ingress(maker.name("one"), _perhaps(maker), name="b-x", older=maker.choices.chance(0.5))
    notes = maker.auth(maker.choices.one(("high", "other")), namespace=second)
    maker.ingress(maker.name("two"), maker.choices.one((notes, {})), name="x", namespace=second)
    for name, bundle in (("ca.one", "high"), ("ca-one", "other")):
        maker.secrets.add(name, {"ca.crt": maker.material.bundle(bundle)}, first)
        host = maker.name(f"s{name[2:3].replace('.', 'a').replace('-', 'b')}")
        maker.ingress(host, {"auth-tls-secret": f"{first}/{name}"}, older=maker.choices.chance(0.5))
    maker.ingress(maker.name("borrowed"), {"auth-tls-secret": f"{first}/ca-one"}, namespace=second)


def priorities(maker: Maker) -> None:
    """A wildcard's path that is longer than a host, one letter below it, and priorities that are written."""
    long = ("Prefix", "/api/v1")
    maker.ingress(maker.name("*"), _perhaps(maker), paths=(("Prefix", "/"), long), older=maker.choices.chance(0.5))
    maker.ingress(maker.name("host"), maker.auth())
    if maker.choices.chance(0.5):
        maker.ingress(maker.name("w"), maker.auth())
    if maker.choices.chance(0.5):
        host = maker.name("host")
        _route(maker, f"Host(`{host}`)", options=None, priority=maker.choices.one((1, 1000, -1)), tls=False)
    maker.ask(maker.name("any"))


def several_hosts(maker: Maker) -> None:
    """An Ingress of several hosts, one of them twice, with a default backend and without; and others beside it."""
    one, two, three = (maker.name(label) for label in ("one", "two", "three"))
    default = maker.choices.chance(0.5)
    notes = _perhaps(maker) | maker.choices.maybe(0.3, **{"server-alias": maker.name("alias")})
    made = maker.ingress(one, notes, default=default, older=maker.choices.chance(0.5))
    for host, path in ((two, "/"), (one, "/api"), (two, "/page")):
        backend = maker.service(maker.setup.namespaces[0])
        paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
        made["spec"]["rules"].append({"host": host, "http": {"paths": paths}})
    maker.ingress(maker.choices.one((two, three)), _perhaps(maker), paths=(("Prefix", "/api"),))
    maker.ask(two, three, maker.name("alias"))


def _perhaps(maker: Maker) -> dict[str, str]:
    return maker.choices.one((maker.auth(), {}))


def _perhaps_option(maker: Maker) -> str | None:
    return maker.choices.one((None, _option(maker), "missing"))


def _option(maker: Maker, name: str | None = None) -> str:
    """The name of a new TLSOption."""
    namespace = maker.setup.namespaces[0]
    # A dot is a dash where a router names it, and none where it is.
    sign = maker.choices.one(("-", "-", "-", "-", "."))
    name = name or f"option{sign}{len(maker.setup.secrets)}"
    auth: dict[str, Any] = {}
    if kind := maker.choices.one(_TYPES):
        auth["clientAuthType"] = kind
    form = maker.choices.one(("ca.crt", "ca.crt", "ca.crt", "tls.ca", "garbage", "missing", "none", "two"))
    names = {"missing": ["missing"], "none": []}.get(form, [f"{name}-ca"])
    if form not in ("missing", "none"):
        key = "tls.ca" if form == "tls.ca" else "ca.crt"
        text = "nothing" if form == "garbage" else maker.material.bundle(maker.choices.one(("high", "middle", "other")))
        maker.secrets.add(f"{name}-ca", {key: text}, namespace)
    if form == "two":
        maker.secrets.add(f"{name}-cb", {"ca.crt": maker.material.bundle("other")}, namespace)
        names.append(f"{name}-cb")
    if names:
        auth["secretNames"] = names
    metadata = {"name": name, "namespace": namespace}
    maker.setup.secrets.append({
        "apiVersion": _VERSION, "kind": "TLSOption", "metadata": metadata, "spec": {"clientAuth": auth},
    })  # fmt: skip
    return name


def _route(
    maker: Maker,
    rule: str,
    *,
    options: str | None,
    tls: bool = True,
    host: str | None = None,
    namespace: str | None = None,
    priority: int | None = None,
) -> None:
    """An IngressRoute with one route."""
    namespace = namespace or maker.setup.namespaces[0]
    service = maker.service(namespace)["service"]["name"]
    route: Object = {"kind": "Rule", "match": rule, "services": [{"name": service, "port": 80}]}
    if priority is not None:
        route["priority"] = priority
    spec: Object = {"routes": [route]}
    entry_points = maker.choices.one(_ENTRY_POINTS) if tls else ("http",)
    if entry_points:
        spec["entryPoints"] = list(entry_points)
    if tls:
        spec["tls"] = {"options": {"name": options}} if options else {}
    name = f"r{len(maker.setup.older) + len(maker.setup.younger)}"
    metadata = {"name": name, "namespace": namespace}
    maker.setup.younger.append({"apiVersion": _VERSION, "kind": "IngressRoute", "metadata": metadata, "spec": spec})
    if host:
        maker.ask(host)
