"""One spec, and what is changed in the manifests that mtlsgen makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..program import Object, Project
from ..specs.doors.words import PREFIX
from ..specs.setups.maker import DOMAIN

_ANNOTATIONS = "/metadata/annotations"
#: Names of the Ingresses: of the host that the changes are about, of one with another authority, and of an open one.
ONE, TWO, OPEN = "one", "two", "open"
#: What each host of the spec has behind it is a Service with the name of its Ingress.
SERVICES = (ONE, TWO, OPEN)


@dataclass
class Spoilt:
    """The spec, and its manifests as they are applied."""

    #: Begins every name that has to be unique: the namespace, and the domain of all hosts.
    name: str
    content: dict[str, Any]
    project: Project
    #: What mtlsgen makes of the spec as it is.
    objects: list[Object]
    #: What is changed, in a few words each.
    changes: list[str] = field(default_factory=list)
    #: `target` and RFC 6902, in the order in which they are applied.
    patches: list[tuple[Mapping[str, str], list[dict[str, Any]]]] = field(default_factory=list)
    #: Objects of others that mtlsgen sees through a template: older than its own, and younger.
    older: list[Object] = field(default_factory=list)
    younger: list[Object] = field(default_factory=list)
    #: Whether the objects of others are within a list where mtlsgen sees them.
    is_list: bool = False

    def host(self, label: str) -> str:
        """A name below the domain."""
        return f"{label}.{self.name}.{DOMAIN}"

    def object(self, kind: str, name: str) -> Object:
        """One of mtlsgen's objects."""
        return next(each for each in self.objects if (each["kind"], each["metadata"]["name"]) == (kind, name))

    def bundle(self, name: str = ONE) -> str:
        """Name of the Secret with the authorities that a host trusts."""
        annotations = self.object("Ingress", name)["metadata"]["annotations"]
        return str(annotations[f"{PREFIX}auth-tls-secret"].partition("/")[2])

    def patch(self, kind: str, name: str, *operations: dict[str, Any]) -> None:
        """Changes an object."""
        self.patches.append(({"kind": kind, "name": name}, list(operations)))

    def annotate(self, ingress: str, annotations: Mapping[str, str | None]) -> None:
        """Sets annotations of ingress-nginx; None: removes them."""
        present = self.object("Ingress", ingress)["metadata"].setdefault("annotations", {})
        operations: list[dict[str, Any]] = [] if present else [{"op": "add", "path": _ANNOTATIONS, "value": {}}]
        for name, value in annotations.items():
            path = f"{_ANNOTATIONS}/{(PREFIX + name).replace('/', '~1')}"
            if value is not None:
                operations.append({"op": "add", "path": path, "value": value})
            elif PREFIX + name in present:
                operations.append({"op": "remove", "path": path})
        if operations:
            self.patch("Ingress", ingress, *operations)

    @property
    def spec(self) -> dict[str, Any]:
        """The spec with all changes."""
        patches = [{"target": target, "patch": json.dumps(operations)} for target, operations in self.patches]
        templates = {"templates": "templates"} if self.older or self.younger else {}
        return {**self.content, **({"patches": patches} if patches else {}), **templates}

    def write(self) -> None:
        """Writes the spec with all changes to its folder."""
        others = [*self.older, *self.younger]
        if others:
            folder = self.project.folder / "templates"
            folder.mkdir(exist_ok=True)
            printed = [{"apiVersion": "v1", "kind": "List", "items": others}] if self.is_list else others
            text = "\n---\n".join(json.dumps(each) for each in printed)
            (folder / "others.yaml.j2").write_text("{# Objects of others. -#}\n{% raw %}" + text + "{% endraw %}\n")
        self.project.write(self.spec)

    def described(self) -> str:
        """All of it, for people."""
        parts = [("spec", self.spec), *(("older", each) for each in self.older)]
        parts += [("younger", each) for each in self.younger]
        lines = [f"{self.name}: {', '.join(self.changes)}"]
        return "\n".join([*lines, *(f"  {title}: {json.dumps(part)}" for title, part in parts)])


def is_target(target: Mapping[str, str], each: Object) -> bool:
    """Whether a patch is for an object."""
    return (each["kind"], each["metadata"]["name"]) == (target["kind"], target["name"])


def ingress(
    spoilt: Spoilt, name: str, host: str, annotations: Mapping[str, str], *, path: str = "/", service: str = OPEN
) -> Object:
    """An Ingress of others."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths: Sequence[Mapping[str, Any]] = [{"path": path, "pathType": "Prefix", "backend": backend}]
    notes = {PREFIX + key: text for key, text in annotations.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": spoilt.name, "annotations": notes},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": [host], "secretName": spoilt.object("Ingress", OPEN)["spec"]["tls"][0]["secretName"]}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }
