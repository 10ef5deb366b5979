"""Objects of Traefik's own kinds, and the kinds themselves as bare as the API server takes them."""

from __future__ import annotations

from ..cluster import Cluster, as_list
from ..program import Object

_GROUP = "traefik.io"
_VERSION = "v1alpha1"
#: Every kind that the provider `kubernetesCRD` watches: it waits until all of them are there.
_KINDS = (
    "IngressRoute",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Middleware",
    "MiddlewareTCP",
    "ServersTransport",
    "ServersTransportTCP",
    "TLSOption",
    "TLSStore",
    "TraefikService",
)


def define(cluster: Cluster) -> None:
    """Makes the kinds, and waits until they are served."""
    definitions = [_definition(kind) for kind in _KINDS]
    cluster.apply(as_list(definitions))
    names = [f"crd/{each['metadata']['name']}" for each in definitions]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)


def route(namespace: str, name: str, host: str, path: str, service: str) -> Object:
    """An IngressRoute with TLS and no TLSOption."""
    return {
        "apiVersion": f"{_GROUP}/{_VERSION}",
        "kind": "IngressRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "entryPoints": ["https"],
            "routes": [
                {
                    "kind": "Rule",
                    "match": f"Host(`{host}`) && PathPrefix(`{path}`)",
                    "services": [{"name": service, "port": 80}],
                }
            ],
            "tls": {},
        },
    }


def _definition(kind: str) -> Object:
    singular = kind.lower()
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": _VERSION, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{_GROUP}"},
        "spec": {
            "group": _GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "singular": singular, "plural": f"{singular}s"},
            "versions": [version],
        },
    }
