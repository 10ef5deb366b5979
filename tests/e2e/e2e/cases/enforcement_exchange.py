"""Enforcement: an authority is exchanged for another."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from ..ask import Answer
from ..cluster import as_list
from ..controllers import Controller, controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..enforcement.answers import COUNTERPARTS, NOT_ACCEPTED, NOTHING_SENT, Expected, Served, becomes
from ..enforcement.identities import Identity, of_client
from ..enforcement.scene import ask_host
from ..program import read_objects
from ..registry import case
from ..world import World

#: The old one and the new one differ in name, key and subject.
_AUTHORITIES = {name: {"subject": f"CN=Clients of the {name} authority"} for name in ("old", "new")}


@case("old, then both, then new", COUNTERPARTS)
def exchange(world: World) -> None:
    """Three renders. Through the overlap, no client that was admitted before or after is refused for a moment."""
    deployment = _Deployment(world)
    old = deployment.render(trusted=["old"], signer="old")
    deployment.becomes(Served(), old)
    deployment.becomes_closed()

    new = deployment.render(trusted=["old", "new"], signer="new")
    deployment.becomes(Served(), new, meanwhile=old)

    again = deployment.render(trusted=["new"], signer="new")
    assert again == new, "the client of the new authority was issued anew"
    deployment.becomes(NOT_ACCEPTED[world.counterpart], old, meanwhile=new)
    deployment.becomes_closed()


@case("exchanged at once", COUNTERPARTS)
def at_once(world: World) -> None:
    """Without an overlap the new client comes in when the old one is out."""
    deployment = _Deployment(world)
    old = deployment.render(trusted=["old"], signer="old")
    deployment.becomes(Served(), old)
    new = deployment.render(trusted=["new"], signer="new")
    deployment.becomes(Served(), new)
    deployment.becomes(NOT_ACCEPTED[world.counterpart], old)


def _digest(identity: Identity) -> str:
    return hashlib.sha256(identity.certificate.read_bytes()).hexdigest()[:16]


class _Deployment:
    """One host, rendered and applied again and again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._namespace = world.cluster.new_namespace("exchange")
        self._host = f"{self._namespace}.exchange.test"
        self._project = world.project(self._spec(["old"], "old"))
        self._controller: Controller = controller(world.run, world.counterpart)
        self.marker = the_backend(world.run).marker
        serve(world.cluster, self._namespace)

    def render(self, trusted: list[str], signer: str) -> Identity:
        """Renders, applies, and returns what the client has now."""
        self._project.write(self._spec(trusted, signer))
        rendered = self._project.render()
        self._world.cluster.apply(as_list(endpoints(read_objects(rendered))))
        self._world.cluster.apply(rendered)
        return self._kept()

    def ask(self, identity: Identity | None) -> Answer:
        """Asks the host."""
        authority = self._project.certificate("cas/servers")
        return ask_host(self._world.network, self._controller, self._host, authority, identity)

    def becomes(self, expected: Expected, identity: Identity, meanwhile: Identity | None = None) -> None:
        """Waits until that is the answer; `meanwhile` is served all the time, and after it."""
        refusals: list[AssertionError] = []

        def asked() -> Answer:
            answer = self.ask(identity)
            if meanwhile:
                try:
                    Served().check(self.ask(meanwhile), self.marker)
                except AssertionError as error:
                    refusals.append(error)
            return answer

        becomes(expected, asked, self.marker)
        if refusals:
            raise refusals[0]

    def becomes_closed(self) -> None:
        """Waits until a client without a certificate is refused, and is never served meanwhile: after a reload, workers
        that do not know the host yet answer for a moment."""
        served: list[Answer] = []

        def asked() -> Answer:
            answer = self.ask(None)
            if answer.status == 200:
                served.append(answer)
            return answer

        becomes(NOTHING_SENT[self._world.counterpart], asked, self.marker)
        assert not served, f"served without a certificate: {served[0]}"

    def _kept(self) -> Identity:
        """The client's present certificate, in a place where the next render does not touch it."""
        now = of_client(self._project, "alice")
        kept = self._world.scratch / f"alice-{_digest(now)}"
        kept.mkdir(exist_ok=True)
        return Identity(Path(shutil.copy(now.certificate, kept)), Path(shutil.copy(now.key, kept)))

    def _spec(self, trusted: list[str], signer: str) -> dict[str, Any]:
        return {
            "namespace": self._namespace,
            "cas": {"servers": {}, **{name: _AUTHORITIES[name] for name in trusted}},
            "clients": {"alice": {"issuer": signer, "subject": "CN=alice, O=Example"}},
            "services": {"app": {"image": "httpd", "port": 80}},
            "hosts": {
                self._host: {"service": "app", "tls": {"issuer": "servers"}, "clientAuth": {"cas": trusted}},
            },
        }
