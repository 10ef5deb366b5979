"""Entries of `hosts` in generated doors."""

from __future__ import annotations

from typing import Any

from ..choices import Choices
from . import words

Table = dict[str, Any]


class Entries:
    """Makes entries of `hosts`; some of one host, some below each other's wildcards."""

    def __init__(
        self,
        choices: Choices,
        domain: str,
        namespaces: list[str],
        services: dict[str, Table],
        cas: dict[str, Table],
        clients: dict[str, Table],
    ) -> None:
        self._choices = choices
        self._domain = domain
        self._namespaces = namespaces
        self._services = services
        self._cas = [name for name in cas if not name.endswith("-root")]
        self._roots = [name for name in cas if name.endswith("-root")]
        self._clients = clients

    def several(self) -> dict[str, Table]:
        """Between two and five."""
        choices = self._choices
        hosts: dict[str, Table] = {}
        labels = choices.some(words.LABELS, 5, least=2)
        for label in labels:
            key = f"{label}.{self._domain}"
            hosts[key] = self._entry(hosts, key)
        if choices.chance(0.2):
            host = choices.one(list(hosts))
            hosts["again"] = {**self._entry(hosts, host), "host": host}
            if choices.chance(0.6):
                hosts["again"]["clientAuth"] = hosts[host]["clientAuth"]
        return hosts

    def _entry(self, others: dict[str, Table], key: str) -> Table:
        choices = self._choices
        namespace = choices.one(self._namespaces)
        place = {} if namespace == self._namespaces[0] else {"namespace": namespace}
        auth = self._auth(namespace)
        notes = self._annotations() if choices.chance(0.15) else {}
        return {
            **place,
            **self._name(others, place),
            **self._routes(namespace),
            "tls": self._tls(others, key, place, bool(auth)),
            "clientAuth": auth,
            **({"annotations": notes} if notes else {}),
        }

    def _name(self, others: dict[str, Table], place: Table) -> Table:
        """Seldom one that another entry of the namespace has: that is refused."""
        taken = {
            each.get("ingressName") for each in others.values() if each.get("namespace") == place.get("namespace")
        }
        free = [name for name in words.OBJECT_NAMES if name not in taken or self._choices.chance(0.02)]
        return self._choices.maybe(0.25, ingressName=self._choices.one(free)) if free else {}

    def _annotations(self) -> dict[str, str]:
        if self._choices.chance(0.3):
            return words.annotation(self._choices)
        aliases = [f"{each}.{self._domain}" for each in self._choices.some(words.LABELS, 2, least=1)]
        return {words.ALIAS: ",".join(each.replace("*.", self._choices.one(("any.", "*."))) for each in aliases)}

    def _routes(self, namespace: str) -> Table:
        choices = self._choices
        keys = [
            key for key, table in self._services.items()
            if table.get("namespace", self._namespaces[0]) == namespace
        ]  # fmt: skip
        if choices.chance(0.4):
            return {"service": choices.one(keys)}
        paths = dict.fromkeys(words.path(choices) for _ in range(choices.number(1, 3)))
        return {"routes": [self._route(path, choices.one(keys)) for path in paths]}

    def _route(self, path: str, key: str) -> Table:
        table = self._services[key]
        whole = [{"port": table.get("port"), "name": table.get("portName")}]
        ports = [value for each in table.get("ports", whole) for value in (each["port"], each["name"]) if value]
        return {
            "path": path,
            "service": key,
            **self._choices.maybe(0.6, port=self._choices.one(ports)),
            **self._choices.maybe(0.4, pathType=self._choices.one(words.PATH_TYPES)),
        }

    def _tls(self, others: dict[str, Table], key: str, place: Table, asked: bool) -> Table | bool:
        choices = self._choices
        if not asked and choices.chance(0.3):
            return False
        shared = [
            key for key, each in others.items()
            if each["tls"] and "issuer" in each["tls"] and each.get("namespace") == place.get("namespace")
        ]  # fmt: skip
        if shared and choices.chance(0.1):
            return _borrowed(others, choices.one(shared), key)
        existing = {"secretName": f"{choices.one(words.OBJECT_NAMES)}-pair"}
        return existing if choices.chance(0.2) else {"issuer": "self-signed"}

    def _auth(self, namespace: str) -> Table | bool:
        choices = self._choices
        kind = choices.one(("open",) * 3 + ("existing",) + ("cas",) * 6)
        if kind == "open":
            return False
        verify = choices.one(("on",) * 7 + ("optional", "optional_no_ca", "off"))
        mode = {} if verify == "on" and choices.chance(0.5) else {"verify": verify}
        if kind == "existing":
            name = choices.one(words.OBJECT_NAMES)
            return {"secretName": f"{namespace}/{name}", "verifyDepth": 2, **mode}
        cas = choices.some(self._cas, 2, least=1)
        if self._roots and choices.chance(0.15):
            cas = [choices.one(self._roots)]
        return {
            "cas": cas,
            **mode,
            **(self._allow(cas) if verify == "on" and choices.chance(0.3) else {}),
            **choices.maybe(0.25, secretName=choices.one(words.OBJECT_NAMES)),
        }

    def _allow(self, cas: list[str]) -> Table:
        names = [name for name, client in self._clients.items() if client["issuer"] in cas]
        return {"allow": self._choices.some(names, 1, least=1)} if names and "partner" not in cas else {}


def _borrowed(others: dict[str, Table], lender: str, borrower: str) -> Table:
    """The certificate of another entry, which has this name in it too."""
    names = others[lender]["tls"].setdefault("dnsNames", [lender])
    if borrower not in names:
        names.append(borrower)
    return {"host": lender}
