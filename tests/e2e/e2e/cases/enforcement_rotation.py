"""Enforcement: an authority is rolled over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ..ask import Answer
from ..cluster import as_list
from ..controllers import Controller, controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..enforcement.answers import COUNTERPARTS, NOT_ACCEPTED, Expected, Served, becomes, differing
from ..enforcement.identities import Identity, of_client
from ..enforcement.scene import ask_host
from ..program import Project, read_objects
from ..registry import case
from ..world import World

#: A root that has left the bundle vouches for no client.
_GONE = NOT_ACCEPTED
#: An intermediate is kept out by revocation lists, which Traefik's provider does not read.
_REVOKED = differing(NOT_ACCEPTED["ingress-nginx"], Served())


@case("a root", COUNTERPARTS)
def root(world: World) -> None:
    """Old and new clients are served in every phase; the old one until the old root has retired."""
    _walk(world, {"signing": {}}, _GONE[world.counterpart])


@case("an intermediate", COUNTERPARTS)
def intermediate(world: World) -> None:
    """As a root; it is revoked as it retires, because its root stays."""
    _walk(world, {"root": {}, "signing": {"issuer": "root"}}, _REVOKED[world.counterpart])


@case("a root above an intermediate", COUNTERPARTS)
def above(world: World) -> None:
    """No client is cut off: the intermediate is signed again with its own key."""
    deployment = _Deployment(world, {"root": {}, "signing": {"issuer": "root"}})
    old = deployment.kept()
    deployment.becomes(Served(), old)
    for step in ([], ["--activate"], ["--retire"]):
        deployment.rotate("root", *step)
        deployment.render(meanwhile=[old])
    deployment.becomes(Served(), old, meanwhile=[deployment.kept()])


def _walk(world: World, authorities: dict[str, Any], at_the_end: Expected) -> None:
    deployment = _Deployment(world, authorities)
    old = deployment.kept()
    deployment.becomes(Served(), old)

    deployment.rotate("signing")
    deployment.render(meanwhile=[old])
    assert deployment.kept().certificate.read_bytes() == old.certificate.read_bytes(), "something was issued"

    deployment.rotate("signing", "--activate")
    deployment.issue()
    new = deployment.kept()
    assert new.certificate.read_bytes() != old.certificate.read_bytes(), "alice has no new certificate"
    # A client with the new certificate is served before its manifests are applied as well.
    deployment.becomes(Served(), new, meanwhile=[old])
    deployment.render(meanwhile=[old, new])

    deployment.rotate("signing", "--retire", "--force")
    deployment.render(meanwhile=[new])
    deployment.becomes(at_the_end, old, meanwhile=[new])


class _Deployment:
    """Hosts that trust one authority, rendered and applied again and again."""

    def __init__(self, world: World, authorities: dict[str, Any]) -> None:
        self._world = world
        self._authorities = authorities
        self._namespace = world.cluster.new_namespace("rotation")
        self._hosts = 0
        self._project: Project = world.project(self._spec())
        self._controller: Controller = controller(world.run, world.counterpart)
        self._marker = the_backend(world.run).marker
        serve(world.cluster, self._namespace)
        self.render()

    def rotate(self, *arguments: str) -> None:
        """Takes a step."""
        self._project.program.run("ca", "rotate", *arguments, folder=self._project.folder)

    def issue(self) -> None:
        """Issues what is due, and applies nothing."""
        self._project.render()

    def render(self, meanwhile: list[Identity] | None = None) -> None:
        """Renders and applies, with one more host: once that is served, everything that came with it is read."""
        self._hosts += 1
        self._project.write(self._spec())
        rendered = self._project.render()
        self._world.cluster.apply(as_list(endpoints(read_objects(rendered))))
        self._world.cluster.apply(rendered)
        identity = self.kept()
        becomes(Served(), lambda: self._ask(identity, self._hosts - 1), self._marker)
        if meanwhile:
            self.becomes(Served(), meanwhile[0], meanwhile=meanwhile)

    def kept(self) -> Identity:
        """Alice's present certificate, in a place where the next render does not touch it."""
        now = of_client(self._project, "alice")
        kept = self._world.scratch / f"alice-{len(list(self._world.scratch.iterdir()))}"
        kept.mkdir()
        return Identity(Path(shutil.copy(now.certificate, kept)), Path(shutil.copy(now.key, kept)))

    def becomes(self, expected: Expected, identity: Identity, meanwhile: list[Identity] | None = None) -> None:
        """Waits until that is the answer; those in `meanwhile` are served all the time."""
        refusals: list[AssertionError] = []

        def asked() -> Answer:
            answer = self._ask(identity)
            for other in meanwhile or []:
                try:
                    Served().check(self._ask(other), self._marker)
                except AssertionError as error:
                    refusals.append(error)
            return answer

        becomes(expected, asked, self._marker)
        if refusals:
            raise refusals[0]

    def _ask(self, identity: Identity, host: int = 0) -> Answer:
        authority = self._project.certificate("cas/servers")
        return ask_host(self._world.network, self._controller, self._host(host), authority, identity)

    def _host(self, number: int) -> str:
        return f"h{number}.{self._namespace}.rotation.test"

    def _spec(self) -> dict[str, Any]:
        host = {
            "service": "app",
            "tls": {"issuer": "servers"},
            "clientAuth": {"cas": ["signing"], "secretName": "trusted"},
        }
        return {
            "namespace": self._namespace,
            "cas": {"servers": {}, **self._authorities},
            "clients": {"alice": {"issuer": "signing"}},
            "services": {"app": {"image": "httpd", "port": 80}},
            "hosts": {self._host(number): host for number in range(self._hosts)},
        }
