"""Lists of clients before Envoy Gateway: by names, by hashes, and across a renewal."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ..enforcement.identities import Identity, of_client
from ..envoy_gateway.deployment import Deployment, new_deployment
from ..envoy_gateway.scene import REFUSED, SERVED
from ..registry import case
from ..world import World

_COUNTERPARTS = ["envoy-gateway"]
_CLIENTS: dict[str, dict[str, Any]] = {
    "uri": {"uris": ["spiffe://clients.test/uri"]},
    "mail": {"emailAddresses": ["mail@clients.test"]},
    "dns": {"dnsNames": ["dns.clients.example"]},
    "below": {"dnsNames": ["*.deeper.clients.example"]},
    "shadowed": {"dnsNames": ["x.deeper.clients.example"]},
    "longer": {"uris": ["spiffe://clients.test/uri/and/more"]},
    "nameless": {},
}
#: Of each host, whom it lists.
_LISTS = {"named": ["uri", "mail", "dns"], "hashed": ["nameless"], "mixed": ["uri", "shadowed"]}


def _deployment(world: World, namespace: str) -> Deployment:
    host = {"service": "app", "tls": {"issuer": "servers"}}
    spec = {
        "cas": {"servers": {}, "staff": {}},
        "clients": {name: {"issuer": "staff", **more} for name, more in _CLIENTS.items()},
        "services": {"app": {"image": "httpd", "port": 80}},
        "hosts": {
            _host(name, namespace): {**host, "clientAuth": {"cas": ["staff"], "allow": listed}}
            for name, listed in _LISTS.items()
        },
    }
    deployment = new_deployment(world, world.scratch / "project", spec, namespace)
    deployment.render()
    return deployment


def _host(name: str, namespace: str) -> str:
    return f"{name}.{namespace}.test"


@case("Envoy Gateway, lists of clients", _COUNTERPARTS)
def lists(world: World) -> None:
    """The listed are served, and no one else; `mtlsgen access` says the same of each."""
    namespace = world.cluster.new_namespace("envoy-lists")
    deployment = _deployment(world, namespace)
    clients = {name: of_client(deployment.project, name) for name in _CLIENTS}
    for name, listed in _LISTS.items():
        deployment.becomes(SERVED, _host(name, namespace), clients[listed[0]])
    hosts = [_host(name, namespace) for name in _LISTS]
    files = {name: identity.certificate for name, identity in clients.items()}
    for said in (deployment.said_of_spec(hosts, files), deployment.said_of_cluster(hosts, files)):
        for name, listed in _LISTS.items():
            for client, identity in clients.items():
                expected = SERVED if client in listed else REFUSED
                host = _host(name, namespace)
                deployment.expect(expected, host, identity)
                assert said.words(namespace, host, client) == (expected,), f"{client} at {host}"


@case("Envoy Gateway, a listed client without a name is renewed", _COUNTERPARTS)
def renewal(world: World) -> None:
    """Its old certificate is served until it expires, the new one once what is rendered is applied."""
    namespace = world.cluster.new_namespace("envoy-renewal")
    deployment = _deployment(world, namespace)
    host = _host("hashed", namespace)
    old = _kept(deployment, world.scratch / "old")
    deployment.becomes(SERVED, host, old)
    project = deployment.project
    project.program.run("cert", "renew", "clients/nameless", folder=project.folder)
    new = _kept(deployment, world.scratch / "new")
    deployment.expect(REFUSED, host, new)
    deployment.render()
    deployment.becomes(SERVED, host, new, meanwhile=[old])


def _kept(deployment: Deployment, folder: Path) -> Identity:
    """The certificate of the client as it is now, in a place of its own."""
    folder.mkdir()
    now = of_client(deployment.project, "nameless")
    return Identity(Path(shutil.copy(now.certificate, folder)), Path(shutil.copy(now.key, folder)))
