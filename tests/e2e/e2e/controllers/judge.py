"""ingress-nginx's admission webhook for Ingresses that are not served: `admitted(world, objects)`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from ..cluster import as_list
from ..processes import wait_until
from ..program import Object
from ..world import World
from .admission import DENIED
from .ingress_nginx import another, starts

#: Class of the Ingresses that are judged.
JUDGED = "admission"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
#: Label of those that are to be judged: storing them goes without.
_NOW = {"e2e.mtlsgen.dev/judge": "now"}
#: It reads all namespaces, writes the configuration of one Ingress alone (the default writes that of all, with
#: each), and does not take what it reads into its own nginx.
_JUDGE = replace(
    another(9, JUDGED, {}),
    serves=False,
    arguments=("--disable-full-test", "--sync-rate-limit=0.01"),
    namespaces={},
    judged=_NOW,
)
#: As many as the machine has cores, on small ones.
_AT_ONCE = 2


def admitted(world: World, objects: Sequence[Object]) -> None:
    """AssertionError, with the webhook's words, unless it admits every Ingress among the objects, of whichever
    class, beside the others."""
    refused = refusals(world, objects)
    assert not refused, "the admission webhook of ingress-nginx refuses\n" + "\n".join(refused)


def refusals(world: World, objects: Sequence[Object]) -> list[str]:
    """What the webhook says against the Ingresses among the objects.

    It knows of an Ingress as soon as the controller has read it: so all are stored, under the class of the judge,
    before each is judged beside the others; then they are deleted. What a judgement costs grows with the number of
    Ingresses that are stored: a hundred at once are fine, a thousand are not.
    """
    ingresses = [_of_the_judge(each) for each in objects if each["kind"] == "Ingress"]
    if not ingresses:
        return []
    cluster = world.cluster
    cluster.create(*dict.fromkeys(each["metadata"]["namespace"] for each in ingresses))
    judge = world.run.share("judge", starts(_JUDGE))
    assert judge.process.alive(), f"the judge has ended:\n{judge.process.log_tail()}"
    cluster.apply(as_list(ingresses), "--force-conflicts")
    try:
        if len(ingresses) > 1:
            _wait_until_read(world)
        whole = [part for each in ingresses for part in _parts(each)]
        parts = [whole[part::_AT_ONCE] for part in range(_AT_ONCE)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [line for lines in pool.map(partial(_said, world), filter(None, parts)) for line in lines]
    finally:
        cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=as_list(ingresses))


def _of_the_judge(ingress: Object) -> Object:
    """The same, in the class of the judge."""
    copied = copy.deepcopy(ingress)
    (copied["metadata"].get("annotations") or {}).pop(_CLASS_ANNOTATION, None)
    copied["spec"]["ingressClassName"] = JUDGED
    return copied


def _parts(ingress: Object) -> Iterator[Object]:
    """The Ingress, and each further path of it alone: before 1.12 the webhook compares no path with those of others
    once it has seen one that is not taken."""
    yield ingress
    paths = [
        {**rule, "http": {"paths": [path]}}
        for rule in ingress["spec"].get("rules", [])
        for path in (rule.get("http") or {}).get("paths", [])
    ]
    for rule in paths[1:]:
        yield {**ingress, "spec": {**ingress["spec"], "rules": [rule]}}


def _said(world: World, ingresses: Sequence[Object]) -> list[str]:
    """The refusals of Ingresses that are judged now; AssertionError if kubectl says something else."""
    for each in (labelled := copy.deepcopy(list(ingresses))):
        each["metadata"]["labels"] = {**(each["metadata"].get("labels") or {}), **_NOW}
    command = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"]
    finished = world.cluster.kubectl(*command, stdin=as_list(labelled), check=False)
    # It warns of what it refuses, too.
    lines = [line for line in finished.stderr.splitlines() if line.strip() and not line.startswith("Warning: ")]
    assert bool(lines) == bool(finished.status) and all(DENIED in line for line in lines[:1]), finished.stderr
    return lines


def _wait_until_read(world: World) -> None:
    """Waits until the controller has read all that is stored: it reads Ingresses in the order of their changes, and
    says that a path is taken when it has read the last one."""
    namespace = world.new_namespace("judged")
    first, second = (_taken(namespace, name) for name in ("first", "second"))
    world.cluster.apply(as_list([first]))
    wait_until(lambda: _said(world, [second]), 20, "the judge's reading")


def _taken(namespace: str, name: str) -> Object:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "none", "port": {"number": 80}}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "ingressClassName": JUDGED,
            "rules": [{"host": f"{namespace}.judged.test", "http": {"paths": [path]}}],
        },
    }
