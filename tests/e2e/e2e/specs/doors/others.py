"""Ingresses that are not mtlsgen's, for hosts of the spec and for hosts beside them."""

from __future__ import annotations

from typing import Any

from ..choices import Choices
from . import words
from .doors import Doors, Other

Table = dict[str, Any]

_SHAPES = ("alone",) * 4 + ("List", "IngressList", "nested", "items")
#: `ingressClassName` and the annotation of the time before it; None: not there.
_CLASSES = (("nginx", None),) * 9 + (("nginx", "other"), ("other", "nginx"), (None, "nginx"), (None, None))


def others(choices: Choices, doors: Doors) -> list[Other]:
    """Some Ingresses; where mtlsgen can complete them, some hosts of the spec become theirs."""
    made: list[Other] = []
    hosts = doors.content["hosts"]
    if doors.way != "template":
        # An entry that says nothing of clients has nothing to add to an Ingress.
        able = [key for key, entry in hosts.items() if entry["clientAuth"]]
        for key in choices.some(able, 2, least=1):
            made.append(_of_host(choices, doors, key))
    if not made or choices.chance(0.6):
        made.append(_beside(choices, doors))
    for number, other in enumerate(made):
        # Two objects of one name would be one object.
        metadata = other.ingress["metadata"]
        if any(_name(each) == _name(other) for each in made[:number]):
            metadata["name"] += f"-{number}"
    return made


def _name(other: Other) -> tuple[str, str]:
    metadata = other.ingress["metadata"]
    return metadata["namespace"], metadata["name"]


def _of_host(choices: Choices, doors: Doors, key: str) -> Other:
    """Takes what an Ingress says out of an entry, and gives it to an Ingress."""
    entry = doors.content["hosts"][key]
    namespace = entry.get("namespace", doors.content["namespace"])
    routes = entry.pop("routes", None) or [{"path": "/", "service": entry.pop("service")}]
    name = entry.pop("ingressName", key.split(".")[0].replace("*", "any"))
    notes = entry.pop("annotations", {})
    entry["existingIngress"] = choices.one(({}, {"name": name}))
    tls = entry.pop("tls")
    host = entry.get("host", key)
    ingress = _ingress(choices, doors, namespace, name, host, routes)
    if tls:
        ingress["spec"]["tls"] = [{"hosts": [host], "secretName": "theirs"}]
    ingress["metadata"]["annotations"].update(notes)
    return Other(ingress, choices.one(_SHAPES), choices.one((-1, 0, 0, 1)))


def _beside(choices: Choices, doors: Doors) -> Other:
    """An Ingress that the spec does not declare: of a host of the spec, below one, or of another host."""
    namespace = choices.one(doors.namespaces)
    hosts = doors.content["hosts"]
    keys = [
        key for key, table in doors.content["services"].items()
        if table.get("namespace", doors.namespaces[0]) == namespace
    ]  # fmt: skip
    host = choices.one([entry.get("host", key) for key, entry in hosts.items()])
    kind = choices.one(("same", "same", "same", "other", "below"))
    if kind == "other":
        host = f"other.{doors.domain}"
    if kind == "below":
        host = host.replace("*", "below")
    routes = [{"path": words.path(choices), "service": choices.one(keys), "pathType": choices.one(words.PATH_TYPES)}]
    ingress = _ingress(choices, doors, namespace, choices.one((*words.OBJECT_NAMES, "beside")), host, routes)
    if choices.chance(0.5):
        ingress["spec"]["tls"] = [{"hosts": [host], "secretName": "theirs"}]
    notes = ingress["metadata"]["annotations"]
    if choices.chance(0.1):
        ingress["spec"]["defaultBackend"] = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    if choices.chance(0.1):
        del ingress["spec"]["rules"][0]["host"]
    if choices.chance(0.15):
        again = {**ingress["spec"]["rules"][0], "host": choices.one([e.get("host", k) for k, e in hosts.items()])}
        ingress["spec"]["rules"].append(again)
    if choices.chance(0.5):
        notes.update(words.annotation(choices))
    if choices.chance(0.2):
        notes[words.ALIAS] = choices.one(list(hosts)).replace("*", "any")
    if choices.chance(0.25):
        notes.update({f"{words.PREFIX}canary": "true", f"{words.PREFIX}canary-weight": "100"})
    return Other(ingress, choices.one(_SHAPES), choices.one((-1, 0, 1)))


def _ingress(choices: Choices, doors: Doors, namespace: str, name: str, host: str, routes: list[Table]) -> Table:
    by_name, by_annotation = choices.one(_CLASSES)
    notes = {"kubernetes.io/ingress.class": by_annotation} if by_annotation else {}
    paths = [_path(doors, route) for route in routes]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": notes},
        "spec": {
            **({"ingressClassName": by_name} if by_name else {}),
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def _path(doors: Doors, route: Table) -> Table:
    table = doors.content["services"][route["service"]]
    first = table.get("ports", [table])[0]["port"]
    port = route.get("port", first)
    reference = {"name": port} if isinstance(port, str) else {"number": port}
    return {
        "path": route["path"],
        "pathType": route.get("pathType", "Prefix"),
        "backend": {"service": {"name": table.get("name", route["service"]), "port": reference}},
    }
