"""Services of a generated spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .choices import Choices

Table = dict[str, Any]

_IMAGES = (
    "httpd",
    "nginx:1.27",
    "registry.example.com:5000/team/api_server:1.4",
    "coredns/coredns@sha256:" + "0" * 64,
    "y",
)
_QUANTITIES = ({"cpu": "100m", "memory": "64Mi"}, {"cpu": 2}, {"cpu": "0.5", "memory": "1Gi"}, {"memory": "128974848"})


@dataclass(frozen=True)
class Backend:
    """A service that routes can lead to."""

    key: str
    namespace: str
    #: What `routes[].port` may say.
    ports: tuple[int | str, ...]


def services(choices: Choices, namespaces: list[str]) -> tuple[dict[str, Table], list[Backend]]:
    """At least one service for each namespace."""
    tables: dict[str, Table] = {}
    backends = []
    for namespace in namespaces:
        for number in range(choices.number(1, 2)):
            key = f"svc-{len(tables)}"
            place = {} if namespace == namespaces[0] else {"namespace": namespace}
            # One of a namespace may be renamed: two of one name would be one object. The first of all keeps
            # its key for a name and has a Deployment, so that patches find something.
            first = not tables
            name = {"name": choices.service_name()} if number == 0 and not first and choices.chance(0.5) else {}
            table, ports = _service(choices, "ours" if first else None)
            tables[key] = {**place, **name, **table}
            backends.append(Backend(key, namespace, ports))
    return tables, backends


def _service(choices: Choices, kind: str | None) -> tuple[Table, tuple[int | str, ...]]:
    ports, references = _ports(choices)
    kind = kind or choices.one(("ours", "ours", "ours", "ours", "existing", "existing deployment"))
    if kind == "existing":
        return {"existing": True, "port": 8000}, (8000,)
    metadata = {
        **choices.maybe(0.4, labels=choices.labels()),
        **choices.maybe(0.4, annotations=choices.annotations()),
    }
    if kind == "existing deployment":
        selector = {"app.kubernetes.io/name": choices.label_value() or "x"}
        return {"existing": "deployment", "selector": selector, **ports, **metadata}, references
    return {**_workload(choices), **ports, **metadata}, references


def _ports(choices: Choices) -> tuple[Table, tuple[int | str, ...]]:
    shape = choices.number(0, 3)
    if shape == 0:
        return {"port": 80}, (80,)
    if shape == 1:
        return {"port": 443, "containerPort": 8443, "portName": "y"}, (443, "y")
    if shape == 2:
        return {"port": 65535, "protocol": "TCP"}, (65535,)
    ports = [
        {"name": "http", "port": 80, "containerPort": 8080},
        {"name": "on", "port": 9090, "protocol": "TCP"},
        {"name": "1e3", "port": 53, "protocol": choices.one(("UDP", "SCTP"))},
    ]
    return {"ports": ports}, (80, "http", 9090, "on")


def _workload(choices: Choices) -> Table:
    return {
        "image": choices.one(_IMAGES),
        **choices.maybe(0.3, replicas=choices.number(0, 3)),
        **choices.maybe(0.2, containerName=choices.service_name()),
        **choices.maybe(0.5, env=_environment(choices)),
        **choices.maybe(0.3, resources={"requests": choices.one(_QUANTITIES), "limits": {"memory": "2Gi"}}),
        **choices.maybe(0.2, podSecurity="restricted"),
    }


def _environment(choices: Choices) -> Any:
    if choices.chance(0.3):
        field = {"fieldRef": {"fieldPath": "spec.nodeName"}}
        return [{"name": "ON", "value": choices.text()}, {"name": "NODE", "valueFrom": field}]
    return {name: choices.text() for name in choices.some(("MODE", "y", "NULL", "a.b-c", "_X"), 4)}
