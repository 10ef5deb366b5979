"""What a namespace needs so that controllers serve what lies in it."""

from __future__ import annotations

from collections.abc import Iterable

from ..cluster import Cluster, as_list
from ..network import BACKEND_ADDRESS
from ..program import Object
from .backend import PORT

#: Class of the Ingresses that are read, and the name by which controllers of ingress-nginx's kind know it.
INGRESS_CLASS = "nginx"
CONTROLLER_CLASS = "k8s.io/ingress-nginx"

#: Label of the namespaces that are read; the Ingresses of others would only slow a controller down.
SERVED = {"e2e.mtlsgen.dev/served": "yes"}


def serve(cluster: Cluster, namespace: str) -> None:
    """Lets the controllers read a namespace, which need not exist yet. Goes before its Ingresses."""
    metadata = {"name": namespace, "labels": SERVED}
    cluster.apply(as_list([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}]))


def ingress_class(name: str = INGRESS_CLASS, controller: str = CONTROLLER_CLASS) -> Object:
    """A class that Ingresses name."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name},
        "spec": {"controller": controller},
    }


def endpoints(objects: Iterable[Object]) -> list[Object]:
    """An EndpointSlice for each Service among the objects, with the backend in place of Pods that are not started."""
    return [_endpoint_slice(each) for each in objects if each["kind"] == "Service"]


def _endpoint_slice(service: Object) -> Object:
    name = service["metadata"]["name"]
    ports = [
        {"name": port.get("name", ""), "protocol": port.get("protocol", "TCP"), "port": PORT}
        for port in service["spec"]["ports"]
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-backend",
            "namespace": service["metadata"]["namespace"],
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": [BACKEND_ADDRESS], "conditions": {"ready": True}}],
    }
