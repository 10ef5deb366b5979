"""Pruning by label."""

from __future__ import annotations

from typing import Any

from ..compare import identity
from ..program import Object, Project
from ..registry import case
from ..world import World

_KINDS = "deployment,service,ingress,secret,configmap"


@case("what a spec loses goes, and nothing else")
def what_a_spec_loses_goes(world: World) -> None:
    """`kubectl apply --prune -l mtlsgen.dev/name=NAME` after a host and its service were taken out."""
    namespace = world.new_namespace("prune")
    ours = world.project(_spec("ours", namespace, ["web", "api", "old"]), "ours")
    theirs = world.project(_spec("theirs", namespace, ["shop"]), "theirs")
    # Others live there too: another spec's objects, and what was made by hand.
    _apply(world, theirs, "theirs")
    world.cluster.kubectl("create", "configmap", "by-hand", namespace=namespace)
    before = _apply_and_list(world, ours, "ours", namespace)

    ours.write(_spec("ours", namespace, ["web", "api"]))
    after = _apply_and_list(world, ours, "ours", namespace)

    gone = {
        f"Ingress {namespace}/old-example-com",
        f"Service {namespace}/old",
        f"Deployment {namespace}/old",
        f"Secret {namespace}/old-example-com-tls",
        f"Secret {namespace}/old-example-com-tls-cacert",
    }
    assert set(before) - set(after) == gone, f"gone: {sorted(set(before) - set(after))}, expected: {sorted(gone)}"
    assert set(after) <= set(before), f"appeared: {sorted(set(after) - set(before))}"
    touched = [key for key in after if _uid(before[key]) != _uid(after[key])]
    assert not touched, f"these were made anew: {touched}"
    rendered = {identity(each) for each in [*ours.listed("--locked"), *theirs.listed("--locked")]}
    assert rendered <= set(after), f"missing: {sorted(rendered - set(after))}"


@case("a protected host that is opened keeps no bundle behind")
def an_opened_host_keeps_no_bundle(world: World) -> None:
    """Only the trust bundle goes; the Ingress is the same object with fewer annotations."""
    namespace = world.new_namespace("prune")
    spec = _spec("opening", namespace, ["web", "api"])
    project = world.project(spec)
    before = _apply_and_list(world, project, "opening", namespace)

    spec["hosts"]["api.example.com"]["clientAuth"] = False
    project.write(spec)
    after = _apply_and_list(world, project, "opening", namespace)

    bundle = f"Secret {namespace}/api-example-com-tls-cacert"
    assert set(before) - set(after) == {bundle}, f"gone: {sorted(set(before) - set(after))}, expected: {bundle}"
    ingress = after[f"Ingress {namespace}/api-example-com"]
    left = [key for key in ingress["metadata"].get("annotations", {}) if "auth-tls" in key]
    assert not left, f"the open Ingress still has {left}"
    assert _uid(ingress) == _uid(before[identity(ingress)]), "the Ingress was made anew"


def _spec(name: str, namespace: str, services: list[str]) -> dict[str, Any]:
    host = {"tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]}, "ingressClassName": "judged"}
    return {
        "name": name,
        "namespace": namespace,
        "cas": {"clients": {}},
        "services": {each: {"image": "httpd", "port": 80} for each in services},
        "hosts": {f"{each}.example.com": {"service": each, **host} for each in services},
    }


def _apply(world: World, project: Project, name: str) -> None:
    selector = f"mtlsgen.dev/name={name}"
    world.cluster.kubectl("apply", "--prune", "-l", selector, "-f", "-", stdin=project.render())


def _apply_and_list(world: World, project: Project, name: str, namespace: str) -> dict[str, Object]:
    _apply(world, project, name)
    return {identity(each): each for each in world.cluster.objects(_KINDS, namespace=namespace)}


def _uid(object: Object) -> str:
    return str(object["metadata"]["uid"])
