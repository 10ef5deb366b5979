"""Puts doors together."""

from __future__ import annotations

from typing import Any

from ..choices import Choices
from . import words
from .doors import Doors
from .hosts import Entries
from .others import others
from .roots import FILES, Roots

Table = dict[str, Any]

#: Of the first and the second port of a Service.
CONTAINER_PORTS = (8090, 8091)

_WAYS = ("render",) * 5 + ("template", "kustomize", "kustomize", "post-render")


def generate_doors(seed: int, number: int, roots: Roots) -> Doors:
    """The spec with this number in the sequence of this seed."""
    return _Generator(Choices(f"doors {seed} {number}"), f"g{number:05}", roots).doors()


class _Generator:
    def __init__(self, choices: Choices, name: str, roots: Roots) -> None:
        self._choices = choices
        self._name = name
        self._roots = roots

    def doors(self) -> Doors:
        choices = self._choices
        way = choices.one(_WAYS)
        places = choices.some(words.NAMESPACES, choices.one((1, 2, 2, 3)), least=1)
        namespaces = [f"{self._name}-{each}" for each in places]
        cas, clients = self._authorities()
        services = self._services(namespaces)
        doors = Doors(self._name, way, {}, namespaces)
        entries = Entries(choices, doors.domain, namespaces, services, cas, clients)
        doors.content = {
            "namespace": namespaces[0],
            "cas": cas,
            "clients": clients,
            "services": services,
            "hosts": entries.several(),
            **choices.maybe(0.05, annotations=words.annotation(choices)),
            **choices.maybe(0.12, patches=self._patches(namespaces)),
            **choices.maybe(0.1, secrets={"nameSuffixHash": True}),
        }
        doors.others = others(choices, doors) if way != "render" else []
        return doors

    def _authorities(self) -> tuple[dict[str, Table], dict[str, Table]]:
        """Authorities of ours, and files of others' with one or several of theirs."""
        choices = self._choices
        cas: dict[str, Table] = {}
        names = choices.some(("clients", "staff"), 2, least=1)
        for name in names:
            cas[name] = choices.maybe(0.3, secretName=choices.one(words.OBJECT_NAMES))
            if choices.chance(0.25):
                cas[f"{name}-root"] = {}
                cas[name]["issuer"] = f"{name}-root"
        if choices.chance(0.2):
            cas["partner"] = {"certificate": str(self._roots.file(choices.one(("A", "B", "IA", "AI") * 4 + FILES)))}
        clients = {f"{name}-{number}": {"issuer": name} for name in names for number in range(choices.number(1, 2))}
        return cas, clients

    def _services(self, namespaces: list[str]) -> dict[str, Table]:
        """At least one in each namespace; entries of one name in two namespaces have keys of their own."""
        tables: dict[str, Table] = {}
        for at, namespace in enumerate(namespaces):
            for name in self._choices.some(words.SERVICES, 3, least=1):
                key = name if name not in tables else f"{name}-{at}"
                place = {} if at == 0 else {"namespace": namespace}
                kind = self._choices.one(("ours", "ours", "existing"))
                what = {"image": "httpd"} if kind == "ours" else {"existing": True}
                renamed = {"name": name} if key != name else {}
                tables[key] = {**place, **renamed, **what, **self._ports(kind == "ours")}
        return tables

    def _ports(self, ours: bool) -> Table:
        """Where the Deployment is ours, with the ports at which the backend really listens."""
        choices = self._choices
        one, two = ({"containerPort": port} if ours else {} for port in CONTAINER_PORTS)
        if choices.chance(0.6):
            return {"port": choices.one((80, 80, 8080)), **one}
        if choices.chance(0.5):
            return {"port": 80, "portName": choices.one(words.PORT_NAMES), **one}
        first, second = choices.some(words.PORT_NAMES, 2, least=2)
        return {"ports": [{"name": first, "port": 80, **one}, {"name": second, "port": 8080, **two}]}

    def _patches(self, namespaces: list[str]) -> list[Table]:
        choices = self._choices
        kind = choices.number(0, 3)
        if kind == 0:
            return [{"target": {"kind": "Ingress"}, "patch": self._merge({words.ALIAS: self._somewhere()})}]
        if kind == 1:
            target = {"kind": "Ingress", **choices.maybe(0.3, namespace=choices.one(namespaces))}
            return [{"target": target, "patch": self._merge(words.annotation(choices))}]
        of, operation = self._operation()
        return [{"target": {"kind": of}, "patch": [operation]}]

    def _merge(self, annotations: dict[str, str]) -> Table:
        return {"metadata": {"annotations": annotations}}

    def _operation(self) -> tuple[str, Table]:
        """A kind of objects, and what is done to all of them."""
        choices = self._choices
        http = "/spec/rules/0/http/paths"
        backend = {"service": {"name": choices.one(words.SERVICES), "port": {"number": 80}}}
        path = {"path": words.path(choices), "pathType": choices.one(words.PATH_TYPES), "backend": backend}
        operations: tuple[tuple[str, Table], ...] = (
            ("Ingress", {"op": "replace", "path": f"{http}/0/path", "value": words.path(choices)}),
            ("Ingress", {"op": "replace", "path": f"{http}/0/pathType", "value": choices.one(words.PATH_TYPES)}),
            ("Ingress", {"op": "add", "path": f"{http}/-", "value": path}),
            ("Ingress", {"op": "replace", "path": f"{http}/0/backend", "value": backend}),
            ("Ingress", {"op": "replace", "path": "/spec/rules/0/host", "value": self._somewhere()}),
            ("Ingress", {"op": "add", "path": "/spec/rules/-", "value": self._rule(path)}),
            ("Ingress", {"op": "add", "path": "/spec/rules/-", "value": {"http": {"paths": [path]}}}),
            ("Ingress", {"op": "add", "path": "/spec/defaultBackend", "value": backend}),
            ("Ingress", {"op": "remove", "path": "/spec/tls"}),
            ("Ingress", {"op": "replace", "path": "/spec/ingressClassName", "value": "other"}),
            ("Ingress", {"op": "replace", "path": "/metadata/name", "value": choices.one(words.OBJECT_NAMES)}),
            ("Service", {"op": "replace", "path": "/metadata/name", "value": choices.one(words.SERVICES)}),
            ("Service", {"op": "add", "path": "/spec/ports/0/name", "value": choices.one(words.PORT_NAMES)}),
            ("Service", {"op": "replace", "path": "/spec/ports/0/port", "value": 8080}),
            ("Secret", {"op": "add", "path": "/type", "value": "Opaque"}),
            ("Secret", {"op": "replace", "path": "/metadata/name", "value": choices.one(words.OBJECT_NAMES)}),
            ("Secret", {"op": "remove", "path": "/data/ca.crt"}),
        )
        return choices.one(operations)

    def _rule(self, path: Table) -> Table:
        return {"host": self._somewhere(), "http": {"paths": [path]}}

    def _somewhere(self) -> str:
        domain = f"{self._name}.hunt.test"
        return f"{self._choices.one(words.LABELS)}.{domain}".replace("*", self._choices.one(("any", "*")))
