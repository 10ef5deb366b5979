"""What mtlsgen says of Ingresses that exist already: the same objects as a chart, and a spec that has their hosts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..program import Object
from ..world import World

_ANNOTATIONS = "nginx.ingress.kubernetes.io/"


def expect_said(world: World, said: str, objects: Sequence[Object]) -> None:
    """Asserts what mtlsgen says of the objects: `error[CODE]`, after which it gives nothing, or `warning[CODE]`."""
    latest = {_key(each): each for each in objects}
    project = world.project(_spec(list(latest.values())), "completing")
    chart = "\n---\n".join(map(json.dumps, latest.values()))
    status = 2 if said.startswith("error") else 0
    finished = world.program.run("post-render", folder=project.folder, stdin=chart, status=status)
    assert said in finished.stderr, f"{said} is not in what mtlsgen says:\n{finished.stderr}"
    assert bool(finished.stdout) == (status == 0), "an error leaves nothing to apply"


def _key(item: Object) -> tuple[str, ...]:
    return item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]


def _spec(objects: Sequence[Object]) -> dict[str, Any]:
    """A spec of these Ingresses; of several for one host, the last one is the spec's."""
    ingresses = [each for each in objects if each["kind"] == "Ingress"]
    hosts = {each["spec"]["rules"][0]["host"]: _host(each) for each in ingresses}
    namespace = ingresses[0]["metadata"]["namespace"]
    services = {each["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] for each in ingresses}
    there = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    missing = {
        f"{name}-{at}": {"name": name, "namespace": at, "existing": True, "port": 80}
        for name in sorted(services - there)
        for at in sorted({each["metadata"]["namespace"] for each in ingresses})
    }
    return {
        "namespace": namespace,
        "services": missing,
        "hosts": {host: settings for host, settings in hosts.items() if settings},
    }


def _host(item: Object) -> dict[str, Any] | None:
    """The entry of a host; None: there is nothing to add."""
    metadata, annotations = item["metadata"], item["metadata"]["annotations"]
    secret = annotations.get(f"{_ANNOTATIONS}auth-tls-secret")
    tls = item["spec"].get("tls", [])
    if not tls:
        return None
    return {
        "namespace": metadata["namespace"],
        "existingIngress": {"name": metadata["name"]},
        "ingressClassName": "nginx" if item["spec"]["ingressClassName"] == "other" else item["spec"]["ingressClassName"],
        "tls": {"secretName": tls[0]["secretName"]},
        **({"clientAuth": {"secretName": secret, **_verify(annotations)}} if secret else {}),
    }


def _verify(annotations: dict[str, str]) -> dict[str, str]:
    word = annotations.get(f"{_ANNOTATIONS}auth-tls-verify-client")
    return {"verify": word} if word else {}
