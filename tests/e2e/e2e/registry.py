"""The list of cases, and what each of them is judged by."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World

CaseFunction = Callable[["World"], None]


class NotApplicable(Exception):
    """Raised by a case that means nothing for its counterpart; the text is the reason, shown below the table."""


@dataclass(frozen=True)
class Counterpart:
    """A real program (or set of programs) that judges: one column of the table."""

    name: str
    #: Arguments of `parts/install`: everything that has to be there.
    parts: tuple[str, ...]


#: Versions of Traefik that do not all read the annotations alike; PyPI has neither 3.7.11 nor 3.7.14.
TRAEFIK_VERSIONS = ("3.7.9", "3.7.10", "3.7.12", "3.7.13", "3.7.15")

#: In the order of the table's columns.
COUNTERPARTS: Mapping[str, Counterpart] = {
    each.name: each
    for each in (
        Counterpart("kubernetes", ("base", "kubernetes")),
        Counterpart("ingress-nginx", ("base", "kubernetes", "ingress-nginx")),
        Counterpart("traefik", ("base", "kubernetes", "traefik")),
        *(Counterpart(f"traefik-{each}", ("base", "kubernetes", f"traefik-{each}")) for each in TRAEFIK_VERSIONS),
        Counterpart("envoy-gateway", ("base", "kubernetes", "envoy-gateway")),
        Counterpart("kustomize", ("base", "kubernetes", "kustomize")),
        Counterpart("kubectl-kustomize", ("base", "kubernetes")),
        Counterpart("helm", ("base", "helm")),
        Counterpart("kpt", ("base", "kpt")),
        Counterpart("zlint", ("base", "zlint")),
    )
}


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    topic: str
    counterparts: tuple[str, ...]
    #: Counterpart to the reason why the case says nothing about it.
    not_applicable: Mapping[str, str]
    function: CaseFunction


@dataclass
class Registry:
    """All cases, in the order in which they are written down."""

    cases: list[Case] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Adds a case; its name must be new and every counterpart known."""
        if any(each.name == case.name for each in self.cases):
            raise ValueError(f"two cases are called {case.name}")
        for name in (*case.counterparts, *case.not_applicable):
            if name not in COUNTERPARTS:
                raise ValueError(f"case {case.name}: there is no counterpart {name}")
        self.cases.append(case)

    def topics(self) -> dict[str, list[Case]]:
        """The cases by topic: one topic is one table."""
        topics: dict[str, list[Case]] = {}
        for each in self.cases:
            topics.setdefault(each.topic, []).append(each)
        return topics

    def check(self) -> None:
        """Every cell of every table either runs or has its reason."""
        for topic, cases in self.topics().items():
            for each in cases:
                for column in columns(cases):
                    if column not in each.counterparts and column not in each.not_applicable:
                        raise ValueError(
                            f"case {each.name}: {topic} is judged by {column} too; run it there or give"
                            f" the reason: not_applicable={{{column!r}: ...}}"
                        )


def columns(cases: Sequence[Case]) -> list[str]:
    """The counterparts of these cases, in the table's order."""
    named = {name for each in cases for name in each.counterparts}
    return [name for name in COUNTERPARTS if name in named]


REGISTRY = Registry()


def case(
    name: str,
    counterparts: Sequence[str] = ("kubernetes",),
    not_applicable: Mapping[str, str] | None = None,
) -> Callable[[CaseFunction], CaseFunction]:
    """Registers a function as the case `name`, run once with each of `counterparts`.

    It gets a `World` and raises AssertionError, in words that say what was expected and what came.
    The table it is in is named by the first line of its module's docstring.
    """

    def register(function: CaseFunction) -> CaseFunction:
        module = importlib.import_module(function.__module__)
        topic = (module.__doc__ or function.__module__).strip().splitlines()[0].rstrip(".")
        REGISTRY.add(Case(name, topic, tuple(counterparts), dict(not_applicable or {}), function))
        return function

    return register


def load() -> Registry:
    """Imports every module of `e2e.cases` and returns the list that they filled."""
    from . import cases

    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda each: each.name):
        importlib.import_module(f"{cases.__name__}.{module.name}")
    REGISTRY.check()
    return REGISTRY
