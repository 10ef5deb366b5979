"""The Kubernetes API, spoken to directly: a kubectl for each change would take most of the hunt's time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..cluster import Cluster
from ..program import Object
from .asking import Asker

_APPLY = "application/apply-patch+yaml"
#: What `kubectl apply --server-side --force-conflicts --validate=strict` asks for.
_QUERY = "fieldManager=hunt&force=true&fieldValidation=Strict"
_PLURALS = {"Ingress": "ingresses", "ClientTrafficPolicy": "clienttrafficpolicies"}
_AT_ONCE = 3


class Api:
    """Applies and deletes objects."""

    def __init__(self, cluster: Cluster, asker: Asker) -> None:
        configuration = json.loads(cluster.kubeconfig.read_text())
        self._asker = asker
        self._port = urlsplit(configuration["clusters"][0]["cluster"]["server"]).port
        self._token = configuration["users"][0]["user"]["token"]

    def apply(self, objects: Iterable[Object]) -> list[tuple[Object, str]]:
        """Applies them; what was not taken, with the server's words. Kinds of one phase go at once."""
        refused: list[tuple[Object, str]] = []
        objects = list(objects)
        # A class by name and by annotation is refused in new Ingresses, and may come about in old ones.
        self._call([_applied(_without_annotation(each)) for each in objects if _has_two_classes(each)])
        for phase in _phases(objects):
            answers = self._call([_applied(each) for each in phase])
            for each, (status, text) in zip(phase, answers, strict=True):
                if status >= 300:
                    refused.append((each, json.loads(text).get("message", text)))
        return refused

    def remove(self, namespaces: Iterable[str]) -> None:
        """Takes away what controllers look at in these namespaces."""
        kinds = (*_VERSIONS, "Secret", "Service")
        places = [_collection(kind, namespace) for kind in kinds for namespace in namespaces]
        self._call([["DELETE", place, "{}", "application/json"] for place in places])

    def _call(self, calls: Sequence[list[str]]) -> list[Any]:
        """The answers, in the calls' order; several connections share them."""
        shares = [list(calls[number::_AT_ONCE]) for number in range(_AT_ONCE)]
        wanted = [{"call": share, "port": self._port, "token": self._token} for share in shares]
        answers: list[Any] = [None] * len(calls)
        for number, share in enumerate(self._asker.ask(wanted)):
            answers[number::_AT_ONCE] = share
        return answers


_CLASS = "kubernetes.io/ingress.class"


def _has_two_classes(each: Object) -> bool:
    annotations = each["metadata"].get("annotations") or {}
    return each["kind"] == "Ingress" and _CLASS in annotations and "ingressClassName" in each["spec"]


def _without_annotation(each: Object) -> Object:
    annotations = {key: value for key, value in each["metadata"]["annotations"].items() if key != _CLASS}
    return {**each, "metadata": {**each["metadata"], "annotations": annotations}}


def _applied(each: Object) -> list[str]:
    """The call that applies an object."""
    return ["PATCH", f"{_place(each)}?{_QUERY}", json.dumps(each), _APPLY]


def _phases(objects: Iterable[Object]) -> list[list[Object]]:
    """Namespaces first and Ingresses last, as Helm and `render` have it: a controller that reads an Ingress
    before its Secret answers 403."""
    phases: list[list[Object]] = [[], [], []]
    for each in objects:
        phases[{"Namespace": 0, "Ingress": 2, "IngressRoute": 2, "IngressRouteTCP": 2}.get(each["kind"], 1)].append(each)
    return phases


_VERSIONS = {
    "Ingress": "networking.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "Deployment": "apps/v1",
    "IngressRoute": "traefik.io/v1alpha1",
    "IngressRouteTCP": "traefik.io/v1alpha1",
    "TLSOption": "traefik.io/v1alpha1",
    "Middleware": "traefik.io/v1alpha1",
    "ServersTransport": "traefik.io/v1alpha1",
    "Gateway": "gateway.networking.k8s.io/v1",
    "ListenerSet": "gateway.networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "ReferenceGrant": "gateway.networking.k8s.io/v1beta1",
    "ClientTrafficPolicy": "gateway.envoyproxy.io/v1alpha1",
}


def _place(each: Object) -> str:
    metadata = each["metadata"]
    if each["kind"] == "Namespace":
        return f"/api/v1/namespaces/{metadata['name']}"
    return f"{_collection(each['kind'], metadata['namespace'], each['apiVersion'])}/{metadata['name']}"


def _collection(kind: str, namespace: str, version: str | None = None) -> str:
    version = version or _VERSIONS.get(kind, "v1")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{_PLURALS.get(kind, kind.lower() + 's')}"
