"""One Gateway with a protected and an open host, made of what mtlsgen renders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import Controller, the_backend
from ..controllers.envoy_gateway import gateway_class, started
from ..controllers.namespaces import endpoints
from ..enforcement.identities import ALICE, CLIENTS, Authority, Identity, of_client, proof
from ..processes import wait_until
from ..program import Object, Project
from ..world import Run
from . import resources

_NAME = "envoy-gateway-scene"
#: Label of the namespace, which is read by this scene's Envoy Gateway alone.
_LABELS = {"e2e.mtlsgen.dev/envoy-gateway": "scene"}
_GATEWAY = "gateway"
PROTECTED = "protected.gateway.test"
OPEN = "open.gateway.test"


@dataclass(frozen=True)
class Scene:
    """The Gateway's Envoy, and who asks."""

    run: Run
    envoy: Controller
    project: Project
    identities: Mapping[str, Identity]
    marker: str

    def ask(self, host: str, identity: str | None = None, plain: bool = False, **options: Any) -> Answer:
        """Asks a host by HTTPS, or by plain HTTP, as the holder of an identity."""
        scheme, at = ("http", self.envoy.http) if plain else ("https", self.envoy.https)
        shown = proof(self.identities[identity] if identity else None)
        authority = None if plain else self.project.certificate("cas/servers")
        return ask(self.run.network, f"{scheme}://{host}/", at=at, authority=authority, **shown, **options)

    def serves(self, answer: Answer) -> bool:
        """Whether it comes from the backend."""
        return answer.status == 200 and self.marker in answer.body


def scene(run: Run) -> Scene:
    """The run's scene, made when it is first asked for."""
    return run.share("scene of Envoy Gateway", _applied)


@contextmanager
def _applied(run: Run) -> Iterator[Scene]:
    folder = run.scratch / _NAME
    folder.mkdir()
    authority = Authority(run.program, folder)
    project = Project.with_spec(run.program, folder / "scene", _spec())
    authority.store_in(project)
    rendered = [each for each in project.objects() if each["kind"] in ("Secret", "Service")]
    resources.define(run.cluster)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAME, "labels": _LABELS}}
    run.cluster.apply(as_list([namespace, gateway_class(_NAME)]))
    run.cluster.apply(as_list([*rendered, *endpoints(rendered), *_objects()]))
    identities = {
        "alice": of_client(project, "alice"),
        "stranger": authority.stranger(),
        "expired": authority.expired,
        "for servers only": authority.for_servers_only(),
    }
    marker = the_backend(run).marker
    with started(run, "envoy-gateway", _LABELS) as found:
        run.processes.append(found.process)
        made = Scene(run, found.envoy(_NAME, _GATEWAY), project, identities, marker)
        run.processes.append(made.envoy.process)
        wait_until(lambda: made.serves(made.ask(PROTECTED, "alice")), 20, PROTECTED)
        yield made


def _spec() -> dict[str, Any]:
    return {
        "namespace": _NAME,
        "cas": {"servers": {}, "clients": CLIENTS},
        "clients": {"alice": ALICE},
        "services": {"app": {"image": "httpd", "port": 80}},
        "defaults": {"hosts": {"tls": {"issuer": "servers"}, "clientAuth": {"cas": ["clients"]}}},
        "hosts": {PROTECTED: {"service": "app"}, OPEN: {"service": "app", "clientAuth": False}},
    }


def _objects() -> list[Object]:
    protected, opened = (host.replace(".", "-") for host in (PROTECTED, OPEN))
    listeners = [
        resources.http(),
        resources.https("protected", PROTECTED, f"{protected}-tls"),
        resources.https("open", OPEN, f"{opened}-tls"),
    ]
    trust = {"caCertificateRefs": [{"kind": "Secret", "group": "", "name": f"{protected}-tls-cacert"}]}
    return [
        resources.gateway(_NAME, _GATEWAY, _NAME, listeners),
        resources.http_route(_NAME, "protected", _GATEWAY, [PROTECTED], "app", section="protected"),
        resources.http_route(_NAME, "open", _GATEWAY, [OPEN], "app"),
        resources.client_traffic_policy(_NAME, "protected", _GATEWAY, "protected", trust),
    ]
