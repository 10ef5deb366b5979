"""Objects of Gateway API and of Envoy Gateway's own kinds, and the kinds themselves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from ..cluster import Cluster
from ..parts import cache
from ..program import Object
from ..world import Run

_GATEWAY_API = "gateway.networking.k8s.io"
_OWN = "gateway.envoyproxy.io"


def kinds(run: Run) -> None:
    """Sees to it that the run's API server has the kinds."""
    run.share("kinds of Envoy Gateway", lambda run: nullcontext(define(run.cluster)))


def define(cluster: Cluster) -> None:
    """Makes the kinds as Envoy Gateway's chart does, with Gateway API's experimental channel, and waits until they are
    served."""
    for name in ("experimental", "own"):
        file = cache() / f"envoy-gateway-crds/{name}.yaml"
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", file)
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")


def gateway(namespace: str, name: str, class_name: str, listeners: Sequence[Object]) -> Object:
    """A Gateway."""
    return {
        "apiVersion": f"{_GATEWAY_API}/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"gatewayClassName": class_name, "listeners": list(listeners)},
    }


def http(name: str = "http", port: int = 80, **more: Any) -> Object:
    """A listener for plain HTTP."""
    return {"name": name, "protocol": "HTTP", "port": port, **more}


def https(name: str, host: str | None, secret: str, port: int = 443, **more: Any) -> Object:
    """A listener that ends TLS with a Secret's certificate."""
    hostname = {"hostname": host} if host else {}
    tls = {"certificateRefs": [{"name": secret}]}
    return {"name": name, "protocol": "HTTPS", "port": port, **hostname, "tls": tls, **more}


def http_route(
    namespace: str,
    name: str,
    gateway: str,
    hosts: Sequence[str],
    service: str,
    section: str | None = None,
    port: int = 80,
) -> Object:
    """An HTTPRoute of everything at these hosts to a Service, at one listener of a Gateway or at all."""
    parent = {"name": gateway, **({"sectionName": section} if section else {})}
    return {
        "apiVersion": f"{_GATEWAY_API}/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "parentRefs": [parent],
            "hostnames": list(hosts),
            "rules": [{"backendRefs": [{"name": service, "port": port}]}],
        },
    }


def client_traffic_policy(
    namespace: str, name: str, gateway: str, section: str | None, validation: Object, **more: Any
) -> Object:
    """A ClientTrafficPolicy with this `clientValidation`, of one listener of a Gateway or of all."""
    target = {"group": _GATEWAY_API, "kind": "Gateway", "name": gateway}
    return {
        "apiVersion": f"{_OWN}/v1alpha1",
        "kind": "ClientTrafficPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "targetRefs": [{**target, **({"sectionName": section} if section else {})}],
            "tls": {"clientValidation": validation},
            **more,
        },
    }
