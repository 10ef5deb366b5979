"""What is unusual about doors: finds are sorted by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ..specs.doors import Doors
from ..specs.doors.words import ACME, ALIAS, PREFIX
from .finds import Find
from .oracle import Oracle, Service, service_ports

Table = dict[str, Any]


#: What says too little to explain another find.
_COMMON = frozenset(("client", "client of others", "stranger", "Ingress named", "bundle named", "existing bundle"))


def label(find: Find) -> str:
    """The kind of a find and what is unusual about it, in a stable order."""
    if find.kind.startswith(("refused by", "not read: ")):
        return find.kind
    return ", ".join([find.kind, *sorted({*_of_doors(find.doors), *_of_answer(find)})])


def explains(name: str, other: str) -> bool:
    """Whether a find with the label `other` is one with the label `name`, and something beside it."""
    kind, *features = name.split(", ")
    others = other.split(", ")
    distinctive = set(features) - _COMMON
    return name == other or (kind == others[0] and bool(distinctive) and set(features) <= set(others))


def _of_answer(find: Find) -> Iterator[str]:
    if find.service and find.service in _meeting(find.services | {find.service}):
        yield "upstream names meet"
    question = find.question
    if not question:
        return
    path = unquote(question.target)
    if path.startswith(ACME):
        yield "path of ACME"
    if question.client:
        yield "client of others" if question.client.authority in ("A", "B", "I") else "client"
        if question.client.authority is None:
            yield "stranger"
    if Oracle(find.doors).is_aliased(question.host):
        yield "asked by an alias"
    if question.target.startswith("https://"):
        yield "whole URL"


def _of_doors(doors: Doors) -> Iterator[str]:
    content = doors.content
    yield from (f"way {doors.way}",) if doors.way != "render" else ()
    services = [(*place, number) for place, ports in service_ports(doors).items() for _, number in ports]
    if _meeting(set(services)):
        yield "Services' names meet"
    names = Counter(entry.get("host", key) for key, entry in content["hosts"].items())
    if any(number > 1 for number in names.values()):
        yield "one host in two entries"
    yield from _of_paths(doors)
    for host, entry in content["hosts"].items():
        if entry.get("tls") is False and _below_wildcard(host, names):
            yield "no tls below a wildcard"
        if "cas" not in (entry.get("clientAuth") or {"cas": 1}):
            yield "existing bundle"
        if isinstance(entry.get("clientAuth"), dict) and entry["clientAuth"].get("secretName"):
            yield "bundle named"
        yield from (f"annotation {_short(key)}" for key in entry.get("annotations", {}))
        if "ingressName" in entry:
            yield "Ingress named"
        if isinstance(entry.get("tls"), dict) and "host" in entry["tls"]:
            yield "certificate shared"
    for table in content["cas"].values():
        if "certificate" in table:
            yield f"file {table['certificate'].rpartition('/')[2]}"
        if "issuer" in table:
            yield "intermediate"
    yield from (f"annotation {_short(key)} everywhere" for key in content.get("annotations", {}))
    for patch in content.get("patches", []):
        if isinstance(patch["patch"], dict):
            yield from (f"patched {_short(key)}" for key in patch["patch"]["metadata"]["annotations"])
        else:
            operation = patch["patch"][0]
            yield f"{operation['op']} {patch['target']['kind']}{operation['path'].replace('/', ' ')}"
    if content.get("secrets"):
        yield "hashed names"
    for other in doors.others:
        yield from _of_other(other.ingress, names)
        if other.shape != "alone":
            yield f"within {other.shape}"
        if other.age:
            yield "older Ingress" if other.age < 0 else "younger Ingress"


def _of_other(ingress: Table, names: Counter[str]) -> Iterator[str]:
    yield from (f"other's {_short(key)}" for key in ingress["metadata"]["annotations"])
    if ingress["spec"].get("ingressClassName") != "nginx":
        yield f"other's class {ingress['spec'].get('ingressClassName')}"
    if ingress["spec"]["rules"][0].get("host") not in names:
        yield "other's host"
    if len(ingress["spec"]["rules"]) > 1:
        yield "other's two rules"
    if "defaultBackend" in ingress["spec"]:
        yield "other's default backend"


def _of_paths(doors: Doors) -> Iterator[str]:
    for rule in Oracle(doors).rules:
        if rule.path.startswith(ACME):
            yield "path of ACME"
        elif odd := set(re.sub(r"[A-Za-z0-9/_-]", "", rule.path)):
            yield f"path with {''.join(sorted(odd))} ({rule.path_type})"
        elif "//" in rule.path:
            yield f"path with // ({rule.path_type})"
        elif rule.path_type != "Prefix":
            yield f"{rule.path_type} path"


def _meeting(services: set[Service] | frozenset[Service]) -> set[Service]:
    """Those whose upstreams have one name in ingress-nginx."""
    names = Counter(f"{namespace}-{name}-{port}" for namespace, name, port in services)
    return {each for each in services if names["-".join(map(str, each))] > 1}


def _below_wildcard(host: str, names: Counter[str]) -> bool:
    return re.sub(r"^[^.]+", "*", host) in names


def _short(key: str) -> str:
    return "server-alias" if key == ALIAS else key.removeprefix(PREFIX)
