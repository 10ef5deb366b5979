"""Puts the parts of a generated spec together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .authorities import authorities
from .choices import Choices
from .hosts import Hosts
from .material import Material
from .services import services

Table = dict[str, Any]

#: No controller of these tests serves this class: what is only judged is not to become their work.
INGRESS_CLASS = "judged"


@dataclass(frozen=True)
class GeneratedSpec:
    """A spec and the namespaces that have to exist for its objects."""

    name: str
    content: Table
    namespaces: tuple[str, ...]


def generate(seed: int, count: int, material: Material) -> list[GeneratedSpec]:
    """`count` specs whose objects do not meet: each has namespaces of its own."""
    return [_spec(Choices(f"{seed} {number}"), f"g{number:03}", material) for number in range(count)]


def _spec(choices: Choices, name: str, material: Material) -> GeneratedSpec:
    namespaces = [f"{name}-{letter}" for letter in "abc"[: choices.one((1, 1, 2, 3))]]
    made = authorities(choices, material, namespaces)
    tables, backends = services(choices, namespaces)
    content = {
        **choices.maybe(0.7, name=choices.label_value() or name),
        "namespace": namespaces[0],
        **_ingress_class(choices),
        **choices.maybe(0.4, labels=choices.labels()),
        **choices.maybe(0.4, annotations=choices.annotations()),
        "cas": made.cas,
        "clients": made.clients,
        "services": tables,
        "hosts": Hosts(choices, made, backends, material).several(name),
        **choices.maybe(0.2, patches=_patches(choices)),
        **choices.maybe(0.1, templates=str(material.templates)),
    }
    content.setdefault("defaults", {}).update(_defaults(choices))
    return GeneratedSpec(name, _form(choices, name, content), tuple(namespaces))


def _ingress_class(choices: Choices) -> Table:
    name = {"ingressClassName": INGRESS_CLASS}
    return choices.one((name, {"defaults": {"hosts": name}}))


def _defaults(choices: Choices) -> Table:
    return {
        **choices.maybe(0.1, privateKey=choices.one(({"algorithm": "ECDSA", "size": 384}, {"algorithm": "Ed25519"}))),
        **choices.maybe(0.2, subject={"organizations": ["Example & Co"], "countries": ["DE"]}),
        **choices.maybe(0.2, duration="200d", renewBefore="20d"),
    }


def _patches(choices: Choices) -> list[Table]:
    merge = {"spec": {"template": {"metadata": {"annotations": {"example.com/patched": choices.text()}}}}}
    operation = {"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"}
    strategic = {"target": {"kind": "Deployment"}, "patch": merge}
    json_patch = {"target": {"kind": "Service", "name": "svc-.*"}, "patch": [operation]}
    return choices.some([strategic, json_patch], 2, least=1)


def _form(choices: Choices, name: str, content: Table) -> Table:
    """The spec as it is, or as the object that a Kustomize plugin is configured with."""
    if choices.chance(0.8):
        return content
    return {"apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": name}, "spec": content}
