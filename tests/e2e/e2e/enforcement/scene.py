"""The scene: rendered by mtlsgen once, applied once, read by every controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import Controller, controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..network import Network
from ..processes import NotReady, wait_until
from ..program import Object, Project, read_objects
from ..world import Run, World
from .answers import Expected, Served
from .identities import Authority, Identity, leaf_of, of_client, proof
from .spec import EXISTING_SECRET, NAMESPACE, NEAR_MISSES, OTHER_NAMESPACE, host_name, near_miss, spec

#: Who is let in at each host; alice where nothing is said.
_HOLDERS = {"chain": "deep", "root-alone": "brief"}
#: Hosts that some controller closes to every client.
_CLOSED = {"shallow", "elsewhere"}


@dataclass(frozen=True)
class Scene:
    """The hosts, and who asks."""

    project: Project
    identities: Mapping[str, Identity]
    marker: str

    @property
    def authority(self) -> Path:
        """The authority of the hosts' server certificates."""
        return self.project.certificate("cas/servers")


class Door:
    """The scene behind one controller."""

    def __init__(self, world: World) -> None:
        self._network = world.network
        self.scene = world.run.share("enforcement scene", _applied)
        self.controller = controller(world.run, world.counterpart)
        world.run.share(f"enforcement scene at {world.counterpart}", self._all_served)

    def ask(self, host: str, identity: str | None = None, **options: Any) -> Answer:
        """Asks one host of the scene, with the certificate of an identity."""
        shown = self.scene.identities[identity] if identity else None
        return ask_host(self._network, self.controller, host_name(host), self.scene.authority, shown, **options)

    def expect(self, expected: Expected, host: str, identity: str | None = None, **options: Any) -> Answer:
        """Asks, and checks the answer; that of a client that is admitted too, if this one may not."""
        answer = self.ask(host, identity, **options)
        expected.check(answer, self.scene.marker)
        if not isinstance(expected, Served) and host not in _CLOSED:
            Served().check(self.ask(host, holder(host)), self.scene.marker)
        return answer

    @contextmanager
    def _all_served(self, _: Run) -> Iterator[None]:
        """Waits until the controller serves all of the scene; what it never serves fails in its own cases."""
        with suppress(NotReady):
            wait_until(lambda: all(self._is_served(host) for host in hosts()), 40, "the scene")
        yield

    def _is_served(self, host: str) -> bool:
        answer = self.ask(host, holder(host))
        return answer.status == 200 and self.scene.marker in answer.body


def ask_host(
    network: Network, at: Controller, host: str, authority: Path, identity: Identity | None, **options: Any
) -> Answer:
    """Asks a host by HTTPS, as the holder of an identity; the server has to prove itself too."""
    url = f"https://{host}/"
    return at.answer(lambda: ask(network, url, at=at.https, authority=authority, **proof(identity), **options))


def hosts() -> list[str]:
    """The hosts that admit some client."""
    return [name for name in every_host() if name not in _CLOSED]


def holder(host: str) -> str:
    """The identity that is let in."""
    return _HOLDERS.get(host, "alice")


def every_host() -> list[str]:
    """All hosts of the scene."""
    return [name.split(".")[0] for name in spec("")["hosts"]]


@contextmanager
def _applied(run: Run) -> Iterator[Scene]:
    folder = run.scratch / "enforcement"
    folder.mkdir()
    authority = Authority(run.program, folder)
    partner = Project.with_spec(run.program, folder / "partner", {
        "cas": {"partner": {"subject": "CN=Partner"}},
        "clients": {"partner": {"issuer": "partner", "subject": "CN=partner"}},
    })  # fmt: skip
    partner.render()
    project = Project.with_spec(run.program, folder / "scene", spec("../partner/pki/cas/partner/tls.crt"))
    authority.store_in(project)
    rendered = project.render()
    for namespace in (NAMESPACE, OTHER_NAMESPACE):
        serve(run.cluster, namespace)
    run.cluster.apply(as_list(_surroundings(project, rendered)))
    run.cluster.apply(rendered)
    identities = {**_identities(authority, project, folder), "partner": of_client(partner, "partner")}
    yield Scene(project, identities, the_backend(run).marker)


def _surroundings(project: Project, rendered: str) -> list[Object]:
    """What the spec takes for granted, and endpoints for its Services."""
    text = project.certificate("cas/clients").read_text()
    existing = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": EXISTING_SECRET, "namespace": namespace},
            "stringData": {"ca.crt": text},
        }
        for namespace in (NAMESPACE, OTHER_NAMESPACE)
    ]
    return [*existing, *endpoints(read_objects(rendered))]


def _identities(authority: Authority, project: Project, folder: Path) -> dict[str, Identity]:
    clients = ["alice", "api.example", "doe", "deep", "brief", *map(near_miss, NEAR_MISSES)]
    identities = {name: of_client(project, name) for name in clients}
    return {
        **identities,
        "deep, alone": leaf_of(identities["deep"], folder / "deep-alone.crt"),
        "brief, alone": leaf_of(identities["brief"], folder / "brief-alone.crt"),
        "expired": authority.expired,
        "not yet valid": authority.not_yet_valid(),
        "for servers only": authority.for_servers_only(),
        "stranger": authority.stranger(),
    }
