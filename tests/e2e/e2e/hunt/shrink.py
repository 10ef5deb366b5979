"""Makes the doors of a find smaller, as long as the find stays."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..specs.doors import Doors
from .batch import Batch, NotRead, render_all, serve_batch, withdraw
from .finds import Find, ask_again, refused, said_twice
from .ground import Ground

Table = dict[str, Any]
Cut = Callable[[Doors], object]

_NUMBERS = itertools.count(1)
_AT_ONCE = 32
#: What is not small by then is looked at as it is.
_SECONDS = 30

#: Keys that an entry cannot do without.
_NEEDED = {"namespace", "service", "host", "tls", "clientAuth", "existingIngress"}


def shrunk(ground: Ground, folder: Path, find: Find) -> Find:
    """The find in the smallest doors that show it."""
    end = time.monotonic() + _SECONDS
    alone = _tried(ground, folder, find, list(_few_hosts(find.doors)))
    find = next((found for found in alone if found), find)
    while time.monotonic() < end:
        cuts = list(_cuts(find.doors))[:_AT_ONCE]
        stays = _tried(ground, folder, find, [[cut] for cut in cuts])
        good = [cut for cut, found in zip(cuts, stays, strict=True) if found]
        if not good:
            return find
        # As many of them as go together.
        sizes = sorted({max(1, len(good) * quarter // 4) for quarter in (2, 3, 4)})
        if time.monotonic() > end:
            return next(found for found in stays if found)
        together = _tried(ground, folder, find, [good[:size] for size in sizes])
        find = next(found for found in reversed([*stays, *together]) if found)
    return find


def _tried(ground: Ground, folder: Path, find: Find, cuts: Sequence[Sequence[Cut]]) -> list[Find | None]:
    """For each list of cuts the find, if it stays."""
    variants = [_cut(find.doors, each) for each in cuts]
    renamed = [each.renamed(f"h{next(_NUMBERS):05}") if each else None for each in variants]
    batch = Batch(render_all(ground, folder, [each for each in renamed if each]))
    try:
        serve_batch(ground, batch)
        found = _found(ground, batch, find)
    except NotRead:
        found = {}
    finally:
        withdraw(ground, batch)
    return [found.get(each.name) if each else None for each in renamed]


def _found(ground: Ground, batch: Batch, find: Find) -> dict[str, Find]:
    if find.question is None:
        again = [each for found in batch.accepted for each in said_twice(found)]
        again += refused(batch)
    else:
        wanted = []
        for each in batch.accepted:
            question = find.question
            fields = {
                key: value.replace(find.doors.name, each.doors.name)
                for key, value in vars(question).items()
                if isinstance(value, str)
            }
            wanted.append(dataclasses.replace(find, doors=each.doors, question=dataclasses.replace(question, **fields)))
        again = ask_again(ground, batch, wanted)
    return {each.doors.name: each for each in again if each.kind == find.kind}



def _cut(doors: Doors, cuts: Sequence[Cut]) -> Doors | None:
    smaller = Doors.read(doors.written())
    try:
        for cut in cuts:
            cut(smaller)
    except (KeyError, IndexError):
        return None
    return smaller


def _few_hosts(doors: Doors) -> Iterator[list[Cut]]:
    """One host alone, then two."""
    hosts = list(doors.content["hosts"])
    for number in (1, 2):
        for kept in itertools.combinations(hosts, number):
            if number < len(hosts):
                yield [_without(("hosts", key)) for key in hosts if key not in kept]


def _cuts(doors: Doors) -> Iterator[Cut]:
    """Everything that can be left out, the largest first."""
    content = doors.content
    yield from (_without(("hosts", key)) for key in content["hosts"] if len(content["hosts"]) > 1)
    yield from (_without_other(number) for number in reversed(range(len(doors.others))))
    if doors.way == "template" and not doors.others:
        yield lambda smaller: setattr(smaller, "way", "render")
    for table in ("patches", "annotations", "secrets"):
        if table in content:
            yield _without((table,))
    for table in ("services", "clients", "cas"):
        yield from (_without((table, key)) for key in content[table] if len(content[table]) > 1)
    for key, entry in content["hosts"].items():
        yield from (_without(("hosts", key, name)) for name in entry if name not in _NEEDED | {"routes"})
        routes = entry.get("routes", [])
        if len(routes) > 1:
            yield from (_without(("hosts", key, "routes", number)) for number in reversed(range(len(routes))))
        for number, route in enumerate(routes):
            yield from (
                _without(("hosts", key, "routes", number, name)) for name in route if name in ("port", "pathType")
            )
        auth = entry.get("clientAuth") or {}
        if "cas" in auth:
            yield from (_without(("hosts", key, "clientAuth", name)) for name in auth if name != "cas")
            yield from (
                _without(("hosts", key, "clientAuth", "cas", number))
                for number in reversed(range(len(auth["cas"])))
                if len(auth["cas"]) > 1
            )
        tls = entry.get("tls")
        if tls and "issuer" not in tls:
            yield _set(("hosts", key, "tls"), {"issuer": "self-signed"})
    for table in ("services", "cas"):
        for key, fields in content[table].items():
            yield from (
                _without((table, key, name)) for name in fields if name in ("secretName", "issuer", "portName")
            )
    for number, other in enumerate(doors.others):
        yield from (_unannotated(number, key) for key in other.ingress["metadata"]["annotations"])
        if other.shape != "alone":
            yield _other(number, "shape", "alone")
        if other.age:
            yield _other(number, "age", 0)


def _without(place: tuple[str | int, ...]) -> Cut:
    def cut(doors: Doors) -> None:
        table: Any = doors.content
        for key in place[:-1]:
            table = table[key]
        del table[place[-1]]

    return cut


def _set(place: tuple[str | int, ...], value: Any) -> Cut:
    def cut(doors: Doors) -> None:
        table: Any = doors.content
        for key in place[:-1]:
            table = table[key]
        table[place[-1]] = copy.deepcopy(value)

    return cut


def _without_other(number: int) -> Cut:
    return lambda doors: doors.others.pop(number)


def _unannotated(number: int, key: str) -> Cut:
    return lambda doors: doors.others[number].ingress["metadata"]["annotations"].pop(key)


def _other(number: int, field: str, value: object) -> Cut:
    return lambda doors: setattr(doors.others[number], field, value)
