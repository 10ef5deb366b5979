"""Enforcement: certificates are revoked."""

from __future__ import annotations

import base64
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

#: Traefik's provider does not read `ca.crl`: a revoked client gets in until its certificate expires.
_REVOKED = differing(NOT_ACCEPTED["ingress-nginx"], Served())


@case("revoked by command, then by the spec", COUNTERPARTS)
def revoked(world: World) -> None:
    """Of three clients below an intermediate, two are revoked one after the other; no other client is refused for a moment."""
    deployment = _Deployment(world)
    deployment.render()
    old_alice, bob, carol = (deployment.kept(name) for name in ("alice", "bob", "carol"))
    for client in (old_alice, bob, carol):
        deployment.becomes(Served(), client)

    deployment.revoke("alice")
    deployment.render(hosts=2)
    alice = deployment.kept("alice")
    assert alice.certificate.read_bytes() != old_alice.certificate.read_bytes(), "alice has no new certificate"
    deployment.has_read(carol)
    deployment.becomes(_REVOKED[world.counterpart], old_alice, meanwhile=[alice, bob, carol])

    deployment.render(hosts=3, revoked=["bob"])
    deployment.has_read(carol)
    deployment.becomes(_REVOKED[world.counterpart], bob, meanwhile=[alice, carol])
    _REVOKED[world.counterpart].check(deployment.ask(old_alice), deployment.marker)


@case(
    "a list for every authority",
    ["ingress-nginx"],
    not_applicable={"traefik": "its provider does not read `ca.crl`"},
)
def every_authority(world: World) -> None:
    """What the lists are for: without the root's, or after the end of one, every client is refused."""
    deployment = _Deployment(world)
    deployment.render()
    bob = deployment.kept("bob")
    deployment.becomes(Served(), bob)
    deployment.revoke("alice")
    deployment.render()
    deployment.becomes(Served(), bob)

    whole = deployment.trust()
    lists = whole["stringData"]["ca.crl"]
    end = "-----END X509 CRL-----\n"
    one = lists.split(end)[0] + end
    assert lists.count(end) == 2, lists
    deployment.apply({**whole, "stringData": {**whole["stringData"], "ca.crl": one}})
    deployment.becomes(NOT_ACCEPTED["ingress-nginx"], bob)
    deployment.apply(whole)
    deployment.becomes(Served(), bob)


@case(
    "a partner without a list",
    ["ingress-nginx"],
    not_applicable={"traefik": "its provider does not read `ca.crl`"},
)
def without_list(world: World) -> None:
    """Why `cert revoke` refuses: of a bundle with lists, the clients of an authority without one are all refused."""
    partner = world.project(_PARTNER, "partner")
    partner.render()
    deployment = _Deployment(world, partner=partner)
    deployment.render()
    alice, bob, pat = deployment.kept("alice"), deployment.kept("bob"), of_client(partner, "pat")
    for client in (alice, bob, pat):
        deployment.becomes(Served(), client)

    for flags in ([], ["--dry-run"]):
        refused = deployment.revoke("alice", *flags, status=2)
        assert "error[crl-missing]" in refused and "`crl: FILE` under `cas.partner`" in refused, refused
    deployment.render()
    deployment.becomes(Served(), pat, meanwhile=[alice, bob])

    # What would have come out: the lists of ours, and none of the partner's.
    bundle = deployment.trust()
    deployment.with_partner(None)
    deployment.revoke("alice")
    lists = deployment.trust()["stringData"]["ca.crl"]
    deployment.apply({**bundle, "stringData": {**bundle["stringData"], "ca.crl": lists}})
    deployment.becomes(NOT_ACCEPTED["ingress-nginx"], pat, meanwhile=[bob])
    NOT_ACCEPTED["ingress-nginx"].check(deployment.ask(alice), deployment.marker)
    # With the list of one intermediate alone, no client is left.
    end = "-----END X509 CRL-----\n"
    one = {**bundle["stringData"], "ca.crl": lists.split(end)[0] + end}
    deployment.apply({**bundle, "stringData": one})
    for client in (bob, pat, alice):
        deployment.becomes(NOT_ACCEPTED["ingress-nginx"], client)

    # With the partner's list, only the revoked client is refused.
    deployment.with_partner(partner, list_of(partner))
    deployment.render()
    for client in (bob, pat):
        deployment.becomes(Served(), client)
    NOT_ACCEPTED["ingress-nginx"].check(deployment.ask(alice), deployment.marker)


#: A set-up of others, whose clients come too.
_PARTNER: dict[str, Any] = {
    "cas": {"partner": {}},
    "clients": {"pat": {"issuer": "partner"}, "gone": {"issuer": "partner"}},
    "services": {"app": {"existing": True, "port": 80}},
    "hosts": {
        "partner.test": {"service": "app", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["partner"]}}
    },
}


def list_of(partner: Project) -> str:
    """The partner's revocation list, once a client has left it."""
    partner.program.run("cert", "revoke", "gone", folder=partner.folder)
    secret = next(each for each in partner.objects() if "ca.crl" in each.get("data", {}))
    return base64.b64decode(secret["data"]["ca.crl"]).decode()


class _Deployment:
    """Hosts that trust one intermediate, and perhaps a partner, rendered and applied again and again."""

    def __init__(self, world: World, partner: Project | None = None) -> None:
        self._world = world
        self._partner = partner
        self._partner_list: str | None = None
        self._namespace = world.cluster.new_namespace("revocation")
        self._hosts = 1
        self._project: Project = world.project(self._spec([]))
        self._controller: Controller = controller(world.run, world.counterpart)
        self.marker = the_backend(world.run).marker
        serve(world.cluster, self._namespace)

    def render(self, hosts: int = 1, revoked: list[str] | None = None) -> None:
        """Renders and applies."""
        self._hosts = hosts
        self._project.write(self._spec(revoked or []))
        rendered = self._project.render()
        self._world.cluster.apply(as_list(endpoints(read_objects(rendered))))
        self._world.cluster.apply(rendered)

    def revoke(self, client: str, *flags: str, status: int = 0) -> str:
        """Revokes what a client has now; gives what is said."""
        folder = self._project.folder
        return self._project.program.run("cert", "revoke", client, *flags, folder=folder, status=status).stderr

    def with_partner(self, partner: Project | None, revocations: str | None = None) -> None:
        """Another spec from now on: with that partner and its list, or without any."""
        self._partner, self._partner_list = partner, revocations
        self._project.write(self._spec([]))

    def trust(self) -> dict[str, Any]:
        """The Secret of the trusted authorities, as text."""
        secret = next(each for each in self._project.objects() if "ca.crt" in each.get("data", {}))
        text = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
        return {**{key: value for key, value in secret.items() if key != "data"}, "stringData": text}

    def apply(self, secret: dict[str, Any]) -> None:
        """Puts a Secret into the cluster that mtlsgen did not make."""
        self._world.cluster.apply(as_list([secret]))

    def kept(self, name: str) -> Identity:
        """A client's present certificate, in a place where the next render does not touch it."""
        now = of_client(self._project, name)
        kept = self._world.scratch / f"{name}-{len(list(self._world.scratch.iterdir()))}"
        kept.mkdir()
        return Identity(Path(shutil.copy(now.certificate, kept)), Path(shutil.copy(now.key, kept)))

    def ask(self, identity: Identity, host: int = 0) -> Answer:
        """Asks a host."""
        authority = self._project.certificate("cas/servers")
        return ask_host(self._world.network, self._controller, self._host(host), authority, identity)

    def has_read(self, identity: Identity) -> None:
        """Waits until the controller serves the newest host, and so has read what came with it."""
        becomes(Served(), lambda: self.ask(identity, self._hosts - 1), self.marker)

    def becomes(self, expected: Expected, identity: Identity, meanwhile: list[Identity] | None = None) -> None:
        """Waits until that is the answer; those in `meanwhile` are served all the time, and after it."""
        refusals: list[AssertionError] = []

        def asked() -> Answer:
            answer = self.ask(identity)
            for other in meanwhile or []:
                try:
                    Served().check(self.ask(other), self.marker)
                except AssertionError as error:
                    refusals.append(error)
            return answer

        becomes(expected, asked, self.marker)
        if refusals:
            raise refusals[0]

    def _host(self, number: int) -> str:
        return f"h{number}.{self._namespace}.revocation.test"

    def _spec(self, revoked: list[str]) -> dict[str, Any]:
        client = {"issuer": "issuing"}
        others: dict[str, Any] = {}
        if self._partner:
            others["partner"] = {"certificate": str(self._partner.certificate("cas/partner"))}
        if self._partner_list:
            listed = self._world.scratch / "partner.crl"
            listed.write_text(self._partner_list)
            others["partner"]["crl"] = str(listed)
        host = {
            "service": "app",
            "tls": {"issuer": "servers"},
            "clientAuth": {"cas": ["issuing", *others], "secretName": "trusted"},
        }
        return {
            "namespace": self._namespace,
            "cas": {"servers": {}, "root": {}, "issuing": {"issuer": "root"}, **others},
            "clients": {
                name: {**client, **({"revoked": True} if name in revoked else {})} for name in ("alice", "bob", "carol")
            },
            "services": {"app": {"image": "httpd", "port": 80}},
            "hosts": {self._host(number): host for number in range(self._hosts)},
        }
