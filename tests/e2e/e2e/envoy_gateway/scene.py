"""A Gateway with a protected and an open host, made of what mtlsgen renders, and others beside it (`doors`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import Controller, the_backend
from ..controllers.envoy_gateway import EnvoyGateway, gateway_class, started
from ..controllers.namespaces import endpoints
from ..enforcement.identities import ALICE, CLIENTS, Authority, Identity, of_client, proof
from ..processes import wait_until
from ..program import Object, Project
from ..world import Run
from . import doors, resources

#: The namespace, and the class of its Gateways.
NAME = "envoy-gateway-scene"
#: Label of the namespace, which is read by this scene's Envoy Gateway alone.
_LABELS = {"e2e.mtlsgen.dev/envoy-gateway": "scene"}
_GATEWAY = "gateway"
PROTECTED = "protected.gateway.test"
OPEN = "open.gateway.test"
SERVED, REFUSED = "served", "refused"


@dataclass(frozen=True)
class Scene:
    """The Envoys of the Gateways, and who asks."""

    run: Run
    controller: EnvoyGateway
    envoys: Mapping[str, Controller]
    project: Project
    identities: Mapping[str, Identity]
    marker: str

    def ask(
        self, host: str, identity: str | None = None, plain: bool = False, gateway: str = _GATEWAY, **options: Any
    ) -> Answer:
        """Asks a host by HTTPS, or by plain HTTP, as the holder of an identity. The first Gateway's hosts have to prove
        themselves too."""
        envoy = self.envoys[gateway]
        scheme, at = ("http", envoy.http) if plain else ("https", envoy.https)
        shown = proof(self.identities[identity] if identity else None)
        authority = self.project.certificate("cas/servers") if gateway == _GATEWAY and not plain else None
        return ask(self.run.network, f"{scheme}://{host}/", at=at, authority=authority, **shown, **options)

    def seen(self, answer: Answer) -> str:
        """In one word: `served` by the backend, `refused` without any answer, or Envoy's own status."""
        if answer.status == 200 and self.marker in answer.body:
            return SERVED
        return REFUSED if answer.refused else str(answer.status)


def scene(run: Run) -> Scene:
    """The run's scene, made when it is first asked for."""
    return run.share("scene of Envoy Gateway", _applied)


@contextmanager
def _applied(run: Run) -> Iterator[Scene]:
    folder = run.scratch / NAME
    folder.mkdir()
    authority = Authority(run.program, folder)
    project = Project.with_spec(run.program, folder / "scene", _spec())
    authority.store_in(project)
    rendered = [each for each in project.objects() if each["kind"] in ("Secret", "Service")]
    resources.kinds(run)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": _LABELS}}
    run.cluster.apply(as_list([namespace, gateway_class(NAME)]))
    run.cluster.apply(as_list([*rendered, *endpoints(rendered), *_objects()]))
    # Ages count in whole seconds.
    second = int(time.time())
    wait_until(lambda: time.time() >= second + 1.1, 5, "the next second")
    run.cluster.apply(as_list(doors.younger(NAME)))
    identities = {
        "alice": of_client(project, "alice"),
        "stranger": authority.stranger(),
        "expired": authority.expired,
        "for servers only": authority.for_servers_only(),
    }
    marker = the_backend(run).marker
    with started(run, "envoy-gateway", _LABELS) as found:
        run.processes.append(found.process)
        envoys = {name: found.envoy(NAME, name) for name in (_GATEWAY, doors.DOORS, doors.WHOLE)}
        run.processes.extend(each.process for each in envoys.values())
        yield Scene(run, found, envoys, project, identities, marker)


def _spec() -> dict[str, Any]:
    return {
        "namespace": NAME,
        "cas": {"servers": {}, "clients": CLIENTS},
        "clients": {"alice": ALICE},
        "services": {"app": {"image": "httpd", "port": 80}},
        "defaults": {"hosts": {"tls": {"issuer": "servers"}, "clientAuth": {"cas": ["clients"]}}},
        "hosts": {PROTECTED: {"service": "app"}, OPEN: {"service": "app", "clientAuth": False}},
    }


def _objects() -> list[Object]:
    server, opened = (f"{host.replace('.', '-')}-tls" for host in (PROTECTED, OPEN))
    trust = {"kind": "Secret", "group": "", "name": f"{server}-cacert"}
    listeners = [
        resources.http(),
        resources.https("protected", PROTECTED, server),
        resources.https("open", OPEN, opened),
    ]
    return [
        resources.gateway(NAME, _GATEWAY, NAME, listeners),
        resources.http_route(NAME, "protected", _GATEWAY, [PROTECTED], "app", section="protected"),
        resources.http_route(NAME, "open", _GATEWAY, [OPEN], "app"),
        resources.client_traffic_policy(NAME, "protected", _GATEWAY, "protected", {"caCertificateRefs": [trust]}),
        *doors.older(NAME, server, trust, "app"),
    ]
