"""A Gateway that exists already, before Envoy Gateway: hosts of two namespaces attach their listeners to it."""

from __future__ import annotations

from functools import partial

from ..ask import ask
from ..cluster import as_list
from ..enforcement.identities import Identity, of_client, proof
from ..envoy_gateway.deployment import CLASS, REDIRECTED, Deployment, envoy_gateway, new_deployment, no_longer, serve
from ..envoy_gateway.scene import REFUSED, SERVED
from ..processes import wait_until
from ..program import Object
from ..registry import case
from ..world import World

_NAME = "public"
#: How long a change may take, in seconds.
_PATIENCE = 30


def _gateway(namespace: str) -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": _NAME, "namespace": namespace},
        "spec": {
            "gatewayClassName": CLASS,
            "allowedListeners": {"namespaces": {"from": "All"}},
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP", "hostname": "nobody.test"}],
        },
    }


@case("Envoy Gateway, a Gateway that exists already", ["envoy-gateway"])
def existing(world: World) -> None:
    """Each namespace's hosts are served at its address, and protected by their own policies."""
    run = world.run
    infra = world.cluster.new_namespace("envoy-infra")
    envoy_gateway(run)
    serve(run, infra)
    world.defer(lambda: no_longer(run, infra))
    world.cluster.apply(as_list([_gateway(infra)]))
    for number in range(2):
        namespace = world.cluster.new_namespace("envoy-tenant")
        host, open_host = f"a.{namespace}.test", f"b.{namespace}.test"
        entry = {"service": "app", "tls": {"issuer": "servers"}}
        spec = {
            "gateway": {"name": _NAME, "namespace": infra, "existing": True},
            "cas": {"servers": {}, "staff": {}},
            "clients": {"alice": {"issuer": "staff"}},
            "services": {"app": {"image": "httpd", "port": 80}, "open": {"image": "httpd", "port": 80}},
            "hosts": {host: {**entry, "clientAuth": {"cas": ["staff"]}}, open_host: {**entry, "service": "open"}},
        }
        deployment = new_deployment(world, world.scratch / f"project-{number}", spec, namespace)
        deployment.render()
        alice = of_client(deployment.project, "alice")

        wait_until(partial(_is_served, world, deployment, infra, host, alice), _PATIENCE, f"alice is served at {host}")
        seen = partial(_seen, world, deployment, infra)
        assert seen(f"https://{host}/") == REFUSED
        assert seen(f"https://{open_host}/") == SERVED
        assert seen(f"http://{host}/") == REDIRECTED


def _seen(world: World, deployment: Deployment, infra: str, url: str, identity: Identity | None = None) -> str:
    """What is seen at the Gateway."""
    envoy = envoy_gateway(world.run).envoy(infra, _NAME)
    at = envoy.https if url.startswith("https:") else envoy.http
    return deployment.seen(ask(world.run.network, url, at=at, **proof(identity)))


def _is_served(world: World, deployment: Deployment, infra: str, host: str, identity: Identity) -> bool:
    return _seen(world, deployment, infra, f"https://{host}/", identity) == SERVED
