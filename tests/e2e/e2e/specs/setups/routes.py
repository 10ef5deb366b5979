"""Kinds of set-ups: which host and path a request meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..doors.words import ACME, PATH_TYPES
from .maker import ROOT, SERVER, Maker, Path

#: By field and by annotation.
_CLASSES = (("other", None), ("absent", None), (None, "nginx"), (None, "other"), (None, None), ("nginx", "other"),
            ("other", "nginx"))  # fmt: skip
_PATHS = ("/", "/api", "/api/", "/api/v1", "/API", ACME, f"{ACME}/", f"{ACME}/token", "/.well-known")
_EXPRESSIONS = ("/api/.*", "/(api|page)$", "/api/v[0-9]+", "/", "/a.i", "/ap")
_REDIRECTS = ("ssl-redirect", "force-ssl-redirect")
_SWITCHES = ("true", "false", "no", "")
_Section = Mapping[str, Any]
#: No section, and that of the host.
_TLS: tuple[Sequence[_Section] | None, ...] = ((), None)


def wildcards(maker: Maker) -> None:
    """A wildcard, and names below it."""
    maker.ingress(maker.name("*"), _perhaps(maker), older=maker.choices.chance(0.5))
    maker.ask(maker.name("any"), maker.name("any.deeper"), maker.name("under_score"))
    if maker.choices.chance(0.7):
        maker.ingress(maker.name("own"), _perhaps(maker))
    if maker.choices.chance(0.3):
        maker.ingress(maker.name("*.deeper"), _perhaps(maker), older=maker.choices.chance(0.5))


def aliases(maker: Maker) -> None:
    """Further names of a host: free ones, those of others, and expressions."""
    own, other = maker.name("own"), maker.name("other")
    alias = maker.choices.one((
        maker.name("alias"),
        other,
        f"{maker.name('alias')},{maker.name('second')}",
        own,
        maker.name("*"),
    ))  # fmt: skip
    # Seldom: beside an expression, it is unknown who answers for a name that no Ingress of the batch has.
    if maker.choices.chance(0.03):
        alias = f"~^x[0-9]+\\.{maker.setup.name}\\.truth\\.test$"
    maker.ingress(own, _perhaps(maker) | {"server-alias": alias}, older=maker.choices.chance(0.5))
    maker.ingress(other, _perhaps(maker), older=maker.choices.chance(0.5))
    if maker.choices.chance(0.3):
        maker.ingress(maker.name("third"), _perhaps(maker) | {"server-alias": alias})
    if maker.choices.chance(0.3):
        maker.ingress(maker.name("*"), _perhaps(maker))
    maker.ask(maker.name("alias"), maker.name("second"), maker.name("x12"))


def without_paths(maker: Maker) -> None:
    """A rule without paths, with a default backend and without, and beside another Ingress."""
    host = maker.name("one")
    maker.ingress(host, _perhaps(maker), paths=None, default=maker.choices.chance(0.5), older=maker.choices.chance(0.5))
    if maker.choices.chance(0.6):
        maker.ingress(host, _perhaps(maker), paths=(("Prefix", "/api"),), older=maker.choices.chance(0.5))


def default_alone(maker: Maker) -> None:
    """A default backend for everything."""
    host = maker.name("one")
    maker.ingress(host, _perhaps(maker), rules=False, default=True, tls=[{"hosts": [host], "secretName": SERVER}])
    maker.ask(host)


def default_beside(maker: Maker) -> None:
    """A default backend beside paths."""
    maker.ingress(maker.name("one"), _perhaps(maker), paths=(("Prefix", "/api"),), default=True)
    maker.ingress(maker.name("two"), _perhaps(maker), paths=(("Exact", "/api"), ROOT), default=True)


def without_host(maker: Maker) -> None:
    """A rule for every host, and one of a host."""
    maker.ingress(None, _perhaps(maker), paths=(("Prefix", maker.choices.one(("/", "/api"))),),
                  older=maker.choices.chance(0.5))  # fmt: skip
    maker.ingress(maker.name("one"), _perhaps(maker), paths=(("Prefix", "/page"),))
    maker.ask(maker.name("unknown"))


def redirects(maker: Maker) -> None:
    """Redirects to HTTPS, with and without TLS."""
    for number in range(3):
        notes = {maker.choices.one(_REDIRECTS): maker.choices.one(_SWITCHES) for _ in range(maker.choices.number(1, 2))}
        maker.ingress(maker.name(f"r{number}"), notes | _perhaps(maker), tls=maker.choices.one(_TLS))


def redirect_beside(maker: Maker) -> None:
    """Ingresses of one host that redirect and do not."""
    host = maker.name("one")
    for path in ("/", "/api"):
        notes = maker.choices.maybe(0.6, **{maker.choices.one(_REDIRECTS): maker.choices.one(("true", "false"))})
        maker.ingress(host, notes | _perhaps(maker), paths=(("Prefix", path),), tls=maker.choices.one(_TLS),
                      older=maker.choices.chance(0.5))  # fmt: skip


def sections(maker: Maker) -> None:
    """TLS sections without hosts, without Secret, of another host, with a missing Secret."""
    secret = {"secretName": SERVER}
    for number, form in enumerate(maker.choices.some(range(6), 3, least=3)):
        host = maker.name(f"t{number}")
        forms: tuple[_Section, ...] = (
            {"hosts": [host]},
            secret,
            {"hosts": [maker.name("elsewhere")], **secret},
            {"hosts": [host], "secretName": "missing"},
            {"hosts": [maker.name("*")], **secret},
            {},
        )
        maker.ingress(host, _perhaps(maker), tls=[forms[form]])


def paths(maker: Maker) -> None:
    """Paths of every type, within each other and like the ACME challenge."""
    for number in range(2):
        chosen: dict[str, Path] = {}
        for path in maker.choices.some(_PATHS, 4, least=2):
            kind = maker.choices.one(PATH_TYPES)
            # Of `/api` and `/api/`, both prefixes, nginx refuses the whole configuration: one of them is enough.
            chosen.setdefault(path if kind == "Exact" else f"{path.rstrip('/')}/", (kind, path))
        maker.ingress(maker.name(f"p{number}"), _perhaps(maker), paths=list(chosen.values()))


def paths_twice(maker: Maker) -> None:
    """One path of several Ingresses."""
    host = maker.name("one")
    prefix = maker.choices.one(("Prefix", "ImplementationSpecific"))
    for _ in range(maker.choices.number(2, 3)):
        kind, path = maker.choices.one((*compatible("/", prefix), *compatible("/api", prefix)))
        maker.ingress(host, _perhaps(maker), paths=((kind, path),), older=maker.choices.chance(0.5))


def expressions(maker: Maker) -> None:
    """Paths as regular expressions, by annotation and by a rewrite."""
    host = maker.name("one")
    chosen: list[Path] = [
        ("ImplementationSpecific", path) for path in maker.choices.some(_EXPRESSIONS, 3, least=2)
    ]  # fmt: skip
    notes = maker.choices.one(({"use-regex": "true"}, {"rewrite-target": "/page"}, {"use-regex": "false"}))
    maker.ingress(host, notes | _perhaps(maker), paths=chosen)
    if maker.choices.chance(0.4):
        maker.ingress(host, _perhaps(maker), paths=(("Prefix", "/page"),), older=maker.choices.chance(0.5))


def canaries(maker: Maker) -> None:
    """A canary beside its main Ingress, and one alone."""
    host = maker.name("one")
    canary = {"canary": "true", **maker.choices.one(({"canary-weight": "100"}, {"canary-weight": "0"},
                                                     {"canary-by-header": "x-canary"}))}  # fmt: skip
    older = maker.choices.chance(0.5)
    maker.ingress(host, _perhaps(maker), older=older)
    maker.ingress(host, canary | _perhaps(maker), older=not older)
    if maker.choices.chance(0.5):
        maker.ingress(maker.name("alone"), canary | _perhaps(maker))


def classes(maker: Maker) -> None:
    """Ingresses of this class and of others, by field and by annotation."""
    host = maker.name("one")
    for number, both in enumerate(maker.choices.some(_CLASSES, 3, least=3)):
        maker.ingress(maker.name(f"c{number}"), _perhaps(maker), classes=both)
        if maker.choices.chance(0.5):
            maker.ingress(host, _perhaps(maker), classes=both, paths=(("Prefix", "/api"),), older=True)
    maker.ingress(host, _perhaps(maker))


def compatible(path: str, prefix: str) -> Sequence[Path]:
    """What Ingresses of one host may have together. nginx refuses the whole configuration of a path that is there as
    `Prefix`, as `ImplementationSpecific` and as `Exact`, and of `/` that is there twice as `Exact`."""
    return [(prefix, path)] if path == "/" else [(prefix, path), ("Exact", path)]


def _perhaps(maker: Maker) -> dict[str, str]:
    """Protected, or not, or closed by a mistake."""
    word = maker.choices.one((None, None, "on", "on", "off", "optional", "missing"))
    if word == "missing":
        return {"auth-tls-secret": maker.secrets.form("missing")}
    return {} if word is None else maker.auth(verify_client=word)
