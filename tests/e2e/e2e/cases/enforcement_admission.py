"""Enforcement: what ingress-nginx's admission webhook refuses with the controller's defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..controllers.judge import refusals
from ..enforcement.completing import expect_said
from ..enforcement.doors import ingress
from ..program import Object
from ..registry import case
from ..world import World

_COUNTERPARTS = ("ingress-nginx",)
_SNIPPETS = ("configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet")
#: Outside the characters of `strict-validate-path-type`; the API server itself refuses a path with `//`.
_ODD_PATHS = [f"/a{character}b" for character in "~+:,@()$=&*!|"] + ["/a%20b", "/a#b", "/a?b"]


@dataclass(frozen=True)
class Row:
    """Ingresses, and how many of them are refused with these words."""

    name: str
    ingresses: Sequence[Object]
    refused: int
    words: str
    #: What mtlsgen says of it, such as `error[path-twice]`.
    said: str | None = None


def _with_path(number: int, path: str, path_type: str) -> Object:
    name = f"odd-{path_type.lower()}-{number}"
    return ingress(name, f"{name}.admission.test", "app", namespace="admission", paths=[path], path_type=path_type)


def _odd(path_type: str) -> list[Object]:
    return [_with_path(number, path, path_type) for number, path in enumerate(_ODD_PATHS)]


def _twice(first: Sequence[str], second: Sequence[str], host: str) -> list[Object]:
    places = (("admission", first), ("admission-2", second))
    return [ingress(host, f"{host}.admission.test", "app", namespace=place, paths=paths) for place, paths in places]


_ROWS = (
    Row(
        "Prefix paths outside [A-Za-z0-9_/-]",
        _odd("Prefix"),
        len(_ODD_PATHS),
        "cannot be used with pathType Prefix",
        "error[invalid-path]",
    ),
    Row(
        "Exact paths outside [A-Za-z0-9_/-]",
        _odd("Exact"),
        len(_ODD_PATHS),
        "cannot be used with pathType Exact",
        "error[invalid-path]",
    ),
    Row("ImplementationSpecific paths of all kinds", _odd("ImplementationSpecific"), 0, ""),
    Row(
        # 1.12 and later admit it.
        "a Prefix path with a dot, by 1.11",
        [_with_path(90, "/.well-known/acme-challenge", "Prefix")],
        1,
        "cannot be used with pathType Prefix",
    ),
    Row(
        "snippet annotations",
        [
            ingress(f"snippet-{name}", f"{name}.admission.test", "app", {name: "# nothing"}, namespace="admission")
            for name in _SNIPPETS
        ],
        len(_SNIPPETS),
        "Snippet directives are disabled",
        "error[annotation-too-risky]",
    ),
    Row(
        "one path of one host in two namespaces",
        _twice(["/"], ["/"], "one"),
        2,
        "is already defined in ingress",
        "error[path-twice]",
    ),
    # Each of them is judged path by path.
    Row(
        "a further path in two namespaces",
        _twice(["/a", "/b"], ["/c", "/b"], "two"),
        2,
        "is already defined in ingress",
        "error[path-twice]",
    ),
    Row("other paths of one host in two namespaces", _twice(["/a"], ["/b"], "three"), 0, ""),
)


def _register(row: Row) -> None:
    @case(f"admission: {row.name}", _COUNTERPARTS)
    def judged(world: World) -> None:
        said = refusals(world, row.ingresses)
        assert len(said) == row.refused, f"{row.refused} were to be refused, and {len(said)} were:\n" + "\n".join(said)
        assert all(row.words in line for line in said), said
        if row.said:
            expect_said(world, row.said, row.ingresses)


for _row in _ROWS:
    _register(_row)
