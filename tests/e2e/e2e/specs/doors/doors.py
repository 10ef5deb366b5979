"""One generated spec of doors, before it is written to a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Table = dict[str, Any]


@dataclass
class Other:
    """An Ingress that is not mtlsgen's."""

    ingress: Table
    #: What it is printed within; see `shaped`.
    shape: str
    #: Below 0: older than what mtlsgen prints; above: younger; 0: of the same moment.
    age: int


@dataclass
class Doors:
    """A spec, the Ingresses of others that mtlsgen gets to see, and how it gets to see them."""

    #: Begins every name that has to be unique: namespaces, and the domain of all hosts.
    name: str
    #: `render`, `template`, `kustomize` or `post-render`.
    way: str
    content: Table
    namespaces: list[str]
    others: list[Other] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.name}.hunt.test"

    def renamed(self, name: str) -> Doors:
        """The same with another name, wherever it occurs."""
        return Doors.read(self.written().replace(self.name, name))

    def written(self) -> str:
        """All of it as JSON."""
        others = [vars(each) for each in self.others]
        return json.dumps({**vars(self), "others": others}, indent=1, ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Doors:
        """What `written` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "others": [Other(**each) for each in fields["others"]]})

    def write_template(self, folder: Path) -> None:
        """Writes the Ingresses of others as a template of the user's."""
        folder.mkdir()
        text = "\n---\n".join(json.dumps(each, indent=1) for each in self.printed())
        (folder / "others.yaml.j2").write_text("{# Ingresses. -#}\n{% raw %}" + text + "{% endraw %}\n")

    def printed(self) -> list[Table]:
        """The Ingresses of others in the shapes in which they are handed over."""
        return [shaped(each.ingress, each.shape) for each in self.others]


def shaped(ingress: Table, shape: str) -> Table:
    """An Ingress alone, or within something that kubectl unfolds."""
    if shape == "alone":
        return ingress
    kinds = {"List": ("v1", "List"), "IngressList": ("networking.k8s.io/v1", "IngressList")}
    version, kind = kinds.get(shape, ("v1", "List"))
    inner: Table = {"apiVersion": version, "kind": kind, "items": [ingress]}
    if shape == "nested":
        return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [inner]}
    if shape == "items":
        return {"apiVersion": "example.com/v1", "kind": "Bundle", "items": [ingress]}
    return inner


def flat(objects: Iterable[Table]) -> Iterator[Table]:
    """The objects, those within lists included."""
    for each in objects:
        if isinstance(each.get("items"), list):
            yield from flat(each["items"])
        else:
            yield each
