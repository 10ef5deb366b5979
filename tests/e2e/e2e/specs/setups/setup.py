"""One generated set-up."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]


@dataclass
class Setup:
    """Objects, and the names that are asked for."""

    #: Begins every name that has to be unique: namespaces, and the domain of all hosts.
    name: str
    #: What it is about: one of `KINDS`.
    kind: str
    namespaces: list[str]
    #: And other objects that come before what refers to them.
    secrets: list[Object] = field(default_factory=list)
    #: Applied before the others, in an earlier second.
    older: list[Object] = field(default_factory=list)
    younger: list[Object] = field(default_factory=list)
    #: Namespace and name; each has port 80.
    services: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    #: Whether the clients of `MORE_CLIENTS` ask too.
    is_for_more: bool = False

    def described(self) -> str:
        """The objects, without the contents of Secrets."""
        lines = [f"{self.name}: {self.kind}"]
        for each in self.secrets:
            metadata = each["metadata"]
            if each["kind"] != "Secret":
                lines.append(f"  {json.dumps(each)}")
                continue
            lengths = ", ".join(f"{key} ({len(text)} characters)" for key, text in each["data"].items())
            lines.append(f"  {each['type']} Secret {metadata['namespace']}/{metadata['name']}: {lengths}")
        for title, objects in (("older", self.older), ("younger", self.younger)):
            lines += [f"  {title}: {json.dumps(each)}" for each in objects]
        return "\n".join(lines)
