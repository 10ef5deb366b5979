"""Traefik's versions.

Set-ups of one host or two, and what each version makes of them, without and (where it knows that flag) with
`core.strictTLSOptions`. What is expected here is the table in `docs/targets/ingress-nginx.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

from ..registry import TRAEFIK_VERSIONS, case
from ..traefik.answers import FIRST, NOT_FOUND, OPEN, OTHERS, PROTECTED, SECOND, Place, Seen, served_by
from ..traefik.setups import CHALLENGE
from ..traefik.specs import LONG_PATH, SECOND_PATH, host_name
from ..traefik.versions import Outcomes, Row, knows_strict, measured
from ..world import World

_Expected = Callable[[str, bool], Outcomes]


def _since(*steps: tuple[str, Outcomes], strict: Mapping[str, Outcomes] | None = None) -> _Expected:
    """The outcomes from each of these versions on; `strict`: those that are others with the flag."""

    def expected(version: str, flag: bool) -> Outcomes:
        if flag and strict and version in strict:
            return strict[version]
        at = TRAEFIK_VERSIONS.index(version)
        return [outcomes for first, outcomes in steps if TRAEFIK_VERSIONS.index(first) <= at][-1]

    return expected


def _always(outcomes: Outcomes, strict: Mapping[str, Outcomes] | None = None) -> _Expected:
    return _since((TRAEFIK_VERSIONS[0], outcomes), strict=strict)


def _both(seen: Seen) -> Outcomes:
    """The same at both paths."""
    return [(seen, seen)]


def _paths(name: str) -> tuple[Place, Place]:
    """Those of a host with two Ingresses."""
    return Place(host_name(name)), Place(host_name(name), SECOND_PATH)


def _one_is_lost(first: Outcomes, second: Outcomes) -> Outcomes:
    """Either of two hosts is not found; which one it is changes from one reload to the next."""
    return [*((kept[0], NOT_FOUND) for kept in first), *((NOT_FOUND, kept[0]) for kept in second)]


_SECONDS = served_by(SECOND, OTHERS)
_ALICE_AT_SECONDS = served_by(SECOND, PROTECTED)

_ROWS = (
    Row("one protected host", (Place(host_name("one")),), _always([(PROTECTED,)])),
    Row(
        "two Ingresses with equal auth-tls, one namespace",
        _paths("equal"),
        _since(("3.7.9", _both(OPEN)), ("3.7.12", _both(PROTECTED))),
    ),
    Row(
        "two Ingresses with equal auth-tls, two namespaces",
        _paths("spread"),
        _since(
            ("3.7.9", _both(OPEN)),
            ("3.7.15", _both(PROTECTED)),
            strict={"3.7.12": _both(NOT_FOUND), "3.7.13": _both(NOT_FOUND)},
        ),
    ),
    Row(
        "a second Ingress as for HTTP-01",
        (
            Place(host_name("solver")),
            Place(host_name("solver"), CHALLENGE),
            Place(host_name("solver"), plain=True),
            Place(host_name("solver"), CHALLENGE, plain=True),
        ),
        _since(
            ("3.7.9", [(OPEN, OPEN, ("308",), (FIRST,))]),
            ("3.7.15", [(PROTECTED, PROTECTED, ("308",), (FIRST,))]),
            strict={each: [(NOT_FOUND, NOT_FOUND, ("308",), (FIRST,))] for each in ("3.7.12", "3.7.13")},
        ),
    ),
    Row(
        "a second Ingress with tls, without auth-tls",
        _paths("bare"),
        _since(
            ("3.7.9", _both(OPEN)),
            ("3.7.15", _both(PROTECTED)),
            strict={"3.7.12": _both(NOT_FOUND), "3.7.13": _both(NOT_FOUND)},
        ),
    ),
    Row(
        "a younger Ingress with another authority",
        _paths("younger-ca"),
        _since(
            ("3.7.9", _both(OPEN)),
            ("3.7.15", _both(PROTECTED)),
            strict={"3.7.12": _both(NOT_FOUND), "3.7.13": _both(NOT_FOUND)},
        ),
    ),
    Row(
        "an older Ingress with another authority",
        _paths("older-ca"),
        _since(
            ("3.7.9", _both(OPEN)),
            ("3.7.15", _both(OTHERS)),
            strict={"3.7.12": _both(NOT_FOUND), "3.7.13": _both(NOT_FOUND)},
        ),
    ),
    Row(
        "an older Ingress with verification off",
        _paths("older-off"),
        # From 3.7.15 on it is not a conflict: the older one decides.
        _always(_both(OPEN), strict={"3.7.12": _both(NOT_FOUND), "3.7.13": _both(NOT_FOUND)}),
    ),
    Row(
        "an IngressRoute of the same host",
        _paths("route"),
        _always(_both(OPEN), strict={each: _both(NOT_FOUND) for each in ("3.7.12", "3.7.13", "3.7.15")}),
    ),
    Row(
        "names of two Ingresses meet, two namespaces",
        (Place(host_name("x.meet")), Place(host_name("meet"))),
        # Both are sent to the older one's Service; up to 3.7.10 both have its authority too.
        _since(
            ("3.7.9", _one_is_lost([(PROTECTED,)], [(PROTECTED,)])),
            ("3.7.12", _one_is_lost([(PROTECTED,)], [(OTHERS,)])),
        ),
    ),
    Row(
        "names of two Ingresses meet, a dot and a dash",
        (Place(host_name("dots")), Place(host_name("dashes"))),
        # Those of their trust Secrets meet too.
        _since(("3.7.9", _one_is_lost([(PROTECTED,)], [(_ALICE_AT_SECONDS,)])), ("3.7.15", [(PROTECTED, _SECONDS)])),
    ),
    Row(
        "names of two Services meet, one namespace",
        (Place(host_name("shop")), Place(host_name("open-shop"))),
        _always([(PROTECTED, OPEN)]),
    ),
    Row(
        "names of a Service and of a port meet, one Ingress",
        _paths("ports"),
        _always(_both(PROTECTED)),
    ),
    Row(
        "names of two trust Secrets meet, a dot and a dash",
        (Place(host_name("dotted")), Place(host_name("dashed"))),
        _since(
            ("3.7.9", [(PROTECTED, _SECONDS)]),
            ("3.7.12", [(PROTECTED, _ALICE_AT_SECONDS)]),
            ("3.7.15", [(PROTECTED, _SECONDS)]),
        ),
    ),
    Row(
        "a longer path of an open wildcard host",
        (Place(host_name("shop.wild")), Place(host_name("shop.wild"), LONG_PATH)),
        _always([(PROTECTED, ("refused", "421", "refused"))]),
    ),
    Row(
        "one letter below an open wildcard host",
        (Place(host_name("w.wild")),),
        # TLS settings and routes are chosen by chance, each for itself: no client reaches the protected Service.
        _always(
            [
                (each,)
                for each in product(("refused", "421", SECOND), (FIRST, "421", SECOND), ("refused", "421", SECOND))
            ]
        ),
    ),
)


def _register(row: Row) -> None:
    @case(row.name, [f"traefik-{version}" for version in TRAEFIK_VERSIONS])
    def judged(world: World) -> None:
        version = world.counterpart.removeprefix("traefik-")
        for strict in (False, True) if knows_strict(version) else (False,):
            outcome = measured(world.run, version, strict, _ROWS)[row.name]
            expected = row.expected(version, strict)
            assert outcome in expected, _words(row, strict, outcome, expected)


def _words(row: Row, strict: bool, outcome: tuple[Seen, ...], expected: Outcomes) -> str:
    lines = [f"{'with' if strict else 'without'} strictTLSOptions (no certificate, alice, bob):"]
    for at, place in enumerate(row.places):
        wanted = " or ".join(sorted({", ".join(each[at]) for each in expected}))
        lines.append(f"  {place}: {', '.join(outcome[at])}; expected {wanted}")
    return "\n".join(lines)


for _row in _ROWS:
    _register(_row)
