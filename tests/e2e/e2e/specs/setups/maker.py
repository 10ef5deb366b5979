"""What a set-up is put together with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..choices import Choices
from ..doors.words import PREFIX
from .material import Material
from .secrets import Secrets
from .setup import Object, Setup

#: Name of the Secret with the hosts' certificate, in every namespace.
SERVER = "server"
DOMAIN = "truth.test"

#: Type and path, as `path` of an Ingress has them.
Path = tuple[str, str]
ROOT: Path = ("Prefix", "/")


class Maker:
    """Adds to a set-up."""

    def __init__(self, choices: Choices, setup: Setup, material: Material) -> None:
        self.choices = choices
        self.setup = setup
        self.material = material
        self.secrets = Secrets(setup, material)
        for namespace in setup.namespaces:
            self.secrets.add(SERVER, material.pair(), namespace)

    def name(self, label: str) -> str:
        """A name below the set-up's domain."""
        return f"{label}.{self.setup.name}.{DOMAIN}"

    def ask(self, *names: str) -> None:
        """Has these names asked for."""
        self.setup.names += [name for name in names if name not in self.setup.names]

    def auth(self, bundle: str = "high", *, namespace: str | None = None, **more: str) -> dict[str, str]:
        """The annotations that protect a host; `verify_client` is `auth-tls-verify-client`. The Secret lies in the
        first namespace, unless another one is named."""
        return {"auth-tls-secret": self.secrets.of(bundle, namespace=namespace), **_keys(more)}

    def ingress(
        self,
        host: str | None,
        annotations: Mapping[str, str] | None = None,
        *,
        paths: Sequence[Path] | None = (ROOT,),
        older: bool = False,
        tls: Sequence[Mapping[str, Any]] | None = None,
        default: bool = False,
        classes: tuple[str | None, str | None] = ("nginx", None),
        namespace: str | None = None,
        rules: bool = True,
        name: str | None = None,
    ) -> Object:
        """An Ingress with a Service of its own for each path. `paths` is None: a rule without any; `tls` is None: a
        section for the host; `classes`: by field, and by annotation."""
        namespace = namespace or self.setup.namespaces[0]
        name = name or f"i{len(self.setup.older) + len(self.setup.younger)}"
        by_name, by_annotation = classes
        notes = {PREFIX + key: text for key, text in (annotations or {}).items()}
        spec: dict[str, Any] = {"ingressClassName": by_name} if by_name else {}
        if tls is None:
            tls = [{"hosts": [host], "secretName": SERVER}] if host else []
        if tls:
            spec["tls"] = list(tls)
        if default:
            spec["defaultBackend"] = self.service(namespace)
        if rules:
            rule: dict[str, Any] = {"host": host} if host else {}
            if paths is not None:
                rule["http"] = {"paths": [self._path(each, namespace) for each in paths]}
            spec["rules"] = [rule]
        made = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "annotations": notes | ({"kubernetes.io/ingress.class": by_annotation} if by_annotation else {}),
            },
            "spec": spec,
        }
        (self.setup.older if older else self.setup.younger).append(made)
        if host and "*" not in host:
            self.ask(host)
        return made

    def _path(self, path: Path, namespace: str) -> Object:
        kind, text = path
        return {"path": text, "pathType": kind, "backend": self.service(namespace)}

    def service(self, namespace: str) -> Object:
        """A Service of its own, as an Ingress names it."""
        name = f"s{len(self.setup.services)}"
        self.setup.services.append((namespace, name))
        return {"service": {"name": name, "port": {"number": 80}}}


def _keys(more: Mapping[str, str]) -> dict[str, str]:
    return {f"auth-tls-{name.replace('_', '-')}": text for name, text in more.items()}
