"""Hosts of a generated spec."""

from __future__ import annotations

from typing import Any

from .authorities import Authorities
from .choices import Choices
from .material import SUPPLIED_DOMAIN, Material
from .services import Backend

Table = dict[str, Any]


class Hosts:
    """Makes hosts whose parts fit each other."""

    def __init__(self, choices: Choices, made: Authorities, backends: list[Backend], material: Material) -> None:
        self._choices = choices
        self._made = made
        self._backends = backends
        self._material = material
        self._first = backends[0].namespace

    def several(self, spec: str) -> dict[str, Table]:
        """Between one and four hosts below a domain that belongs to the spec `spec`."""
        hosts: dict[str, Table] = {}
        for number in range(self._choices.number(1, 4)):
            name = self._name(number, spec)
            namespace = self._choices.one(sorted({each.namespace for each in self._backends}))
            hosts[name] = self._host(number, namespace, self._tls(name))
            if name.startswith("*.") and hosts[name]["tls"] and self._choices.chance(0.5):
                hosts[name.replace("*", "one")] = self._below(number + 10, namespace, name)
        if self._choices.chance(0.2):
            hosts[f"files.{spec}"] = self._supplied(spec)
        return hosts

    def _name(self, number: int, spec: str) -> str:
        forms = (f"web{number}.{spec}.example.com", f"*.apps{number}.{spec}.example.com")
        rare = (f"xn--mnchen-3ya.h{number}.{spec}.example.com", f"1e{number}.{spec}.example.com")
        return self._choices.one((*forms, forms[0], *rare))

    def _below(self, number: int, namespace: str, name: str) -> Table:
        """A host that shares the certificate of `name`, but not the bundle that is named after it."""
        host = self._host(number, namespace, {"host": name})
        if host["clientAuth"]:
            host["clientAuth"].setdefault("secretName", f"bundle-{number}")
        return host

    def _supplied(self, spec: str) -> Table:
        files = {"certificate": str(self._material.server_certificate), "key": str(self._material.server_key)}
        return {"host": f"{spec}.{SUPPLIED_DOMAIN}", **self._host(20, self._first, files)}

    def _host(self, number: int, namespace: str, tls: Table | bool) -> Table:
        choices = self._choices
        place = {} if namespace == self._first else {"namespace": namespace}
        # Every third Ingress is called what YAML takes for something else.
        name = {"ingressName": f"{choices.object_name()}-{number}"} if choices.chance(0.3) else {}
        auth = self._client_auth(number, namespace) if tls else False
        return {
            **place,
            **name,
            **self._routes(namespace),
            "tls": tls,
            **choices.maybe(0.3, labels=choices.labels()),
            **choices.maybe(0.3, annotations=self._annotations()),
            "clientAuth": auth,
        }

    def _annotations(self) -> dict[str, str]:
        known = {"nginx.ingress.kubernetes.io/proxy-body-size": "8m"}
        return self._choices.annotations() | (known if self._choices.chance(0.5) else {})

    def _routes(self, namespace: str) -> Table:
        backends = [each for each in self._backends if each.namespace == namespace]
        if self._choices.chance(0.5):
            return {"service": self._choices.one(backends).key}
        paths = self._choices.some(("/", "/v1", "/on", "/a/b", "/1e3"), 4, least=1)
        return {"routes": [self._route(path, self._choices.one(backends)) for path in paths]}

    def _route(self, path: str, backend: Backend) -> Table:
        return {
            "path": path,
            "service": backend.key,
            **self._choices.maybe(0.5, port=self._choices.one(backend.ports)),
            **self._choices.maybe(0.5, pathType=self._choices.one(("Prefix", "Exact", "ImplementationSpecific"))),
        }

    def _tls(self, name: str) -> Table | bool:
        choices = self._choices
        kind = choices.one(("http", "issuer", "issuer", "issuer", "existing", "cert-manager"))
        if kind == "http":
            return False
        if kind == "existing":
            return {"secretName": choices.object_name()}
        if kind == "cert-manager":
            issuer = choices.one(({"clusterIssuer": "ca-issuer"}, {"issuer": "on"}))
            return {"certManager": issuer}
        return {
            "issuer": choices.one(self._made.signers),
            **choices.maybe(0.2, subject={"commonName": "web", "organizations": [choices.label_value() or "x"]}),
            **choices.maybe(0.2, dnsNames=[name, "other.example.com"]),
            **choices.maybe(0.1, privateKey={"algorithm": "ECDSA", "size": 384}),
            **choices.maybe(0.2, duration="90d", renewBefore="15d"),
        }

    def _client_auth(self, number: int, namespace: str) -> Table | bool:
        choices = self._choices
        if not self._made.trusted or choices.chance(0.2):
            existing = {"secretName": f"{namespace}/clients-of-others", "verifyDepth": choices.number(1, 3)}
            return existing if choices.chance(0.3) else False
        cas = choices.some(self._made.trusted, 2, least=1)
        verify = choices.one(("on", "on", "on", "optional", "optional_no_ca", "off", None))
        return {
            "cas": cas,
            **({"verify": verify} if verify else {}),
            **(self._allow(cas) if verify in ("on", None) else {}),
            **choices.maybe(0.2, secretName=f"bundle-{number}"),
            **choices.maybe(0.1, verifyDepth=5),
            **choices.maybe(0.2, passCertificateToUpstream=False),
            **choices.maybe(0.2, errorPage="https://www.example.com/no-certificate.html"),
        }

    def _allow(self, cas: list[str]) -> Table:
        # The list cannot distinguish issuers, so every authority has to be wholly in the spec.
        ours = [name for name in cas if name in self._made.holders]
        holders = [client for name in ours for client in self._made.holders[name]]
        if len(ours) != len(cas) or not holders:
            return {}
        return self._choices.maybe(0.5, allow=self._choices.some(holders, len(holders), least=1))
