"""Envoy Gateway: changes of what mtlsgen rendered.

Authorities are rolled over and certificates revoked, nobody else is refused for a moment; what others take away
afterwards closes a host, or opens it, and `mtlsgen access` of the cluster says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..enforcement.identities import Identity, of_client
from ..envoy_gateway.deployment import BROKEN, NOT_FOUND, REDIRECTED, TARGET, Deployment, new_deployment
from ..envoy_gateway.scene import REFUSED, SERVED
from ..program import Object
from ..registry import case
from ..world import World

_COUNTERPARTS = ["envoy-gateway"]
#: How many hosts have their listeners in the Gateway itself.
_IN_GATEWAY = 63
_HOSTS = 70


class _Changing:
    """Hosts that trust the same authorities, rendered again and again."""

    def __init__(
        self, world: World, cas: Mapping[str, Any], trusted: Sequence[str], clients: Mapping[str, Any]
    ) -> None:
        self._world = world
        self._cas, self._trusted, self._clients = cas, trusted, clients
        self.namespace = world.cluster.new_namespace("envoy-changes")
        self._hosts = 1
        folder = world.scratch / "project"
        self.deployment: Deployment = new_deployment(world, folder, self._spec(), self.namespace)
        self.render()

    def host(self, number: int = 0) -> str:
        """The name of a host."""
        return f"h{number}.{self.namespace}.test"

    def run(self, *arguments: str) -> None:
        """A command of mtlsgen."""
        self.deployment.project.program.run(*arguments, folder=self.deployment.project.folder)

    def render(self, meanwhile: Sequence[Identity] = (), revoked: Sequence[str] = ()) -> list[Object]:
        """Renders and applies, with one more host: once that is served, everything that came with it is read. Those in
        `meanwhile` are served all the time."""
        self._hosts += 1
        self.deployment.project.write({"target": TARGET, "namespace": self.namespace, **self._spec(revoked)})
        objects = self.deployment.render()
        holder = next(name for name in self._clients if name not in revoked)
        latest = self.host(self._hosts - 1)
        self.deployment.becomes(SERVED, latest, of_client(self.deployment.project, holder), meanwhile, self.host())
        return objects

    def kept(self, name: str) -> Identity:
        """A client's present certificate, in a place where the next render does not touch it."""
        now = of_client(self.deployment.project, name)
        kept = self._world.scratch / f"{name}-{len(list(self._world.scratch.iterdir()))}"
        kept.mkdir()
        return Identity(Path(shutil.copy(now.certificate, kept)), Path(shutil.copy(now.key, kept)))

    def becomes(self, expected: str, identity: Identity | None, meanwhile: Sequence[Identity] = ()) -> None:
        """Waits until that is the first host's answer; what `mtlsgen access` says of the cluster is the same."""
        self.deployment.becomes(expected, self.host(), identity, meanwhile)
        files = {"asked": identity.certificate} if identity else {}
        said = self.deployment.said_of_cluster([self.host()], files)
        words = said.words(self.namespace, self.host(), "asked" if identity else None)
        assert words == (expected,), f"{expected}, and access says {words}"

    def _spec(self, revoked: Sequence[str] = ()) -> dict[str, Any]:
        host = {"service": "app", "tls": {"issuer": "servers"}, "clientAuth": {"cas": list(self._trusted)}}
        return {
            "cas": {"servers": {}, **self._cas},
            "clients": {
                name: {**each, **({"revoked": True} if name in revoked else {})} for name, each in self._clients.items()
            },
            "services": {"app": {"image": "httpd", "port": 80}},
            "hosts": {self.host(number): host for number in range(self._hosts)},
        }


@case("Envoy Gateway, a root is rolled over", _COUNTERPARTS)
def root(world: World) -> None:
    """Old and new clients are served in every phase; the old one until the old root has retired."""
    _roll_over(world, {"signing": {}})


@case("Envoy Gateway, an intermediate is rolled over", _COUNTERPARTS)
def intermediate(world: World) -> None:
    """As a root."""
    _roll_over(world, {"root": {}, "signing": {"issuer": "root"}})


def _roll_over(world: World, cas: Mapping[str, Any]) -> None:
    changing = _Changing(world, cas, ["signing"], {"alice": {"issuer": "signing"}})
    old = changing.kept("alice")
    changing.becomes(SERVED, old)

    changing.run("ca", "rotate", "signing")
    changing.render(meanwhile=[old])
    changing.run("ca", "rotate", "signing", "--activate")
    changing.deployment.project.render()
    new = changing.kept("alice")
    assert new.certificate.read_bytes() != old.certificate.read_bytes(), "alice has no new certificate"
    # A client with the new certificate is served before its manifests are applied as well.
    changing.becomes(SERVED, new, meanwhile=[old])
    changing.render(meanwhile=[old, new])

    changing.run("ca", "rotate", "signing", "--retire", "--force")
    changing.render(meanwhile=[new])
    changing.becomes(REFUSED, old, meanwhile=[new])


@case("Envoy Gateway, a root above an intermediate is rolled over", _COUNTERPARTS)
def above(world: World) -> None:
    """No client is cut off: the intermediate is signed again with its own key."""
    cas = {"root": {}, "signing": {"issuer": "root"}}
    changing = _Changing(world, cas, ["signing"], {"alice": {"issuer": "signing"}})
    old = changing.kept("alice")
    for step in ([], ["--activate"], ["--retire"]):
        changing.run("ca", "rotate", "root", *step)
        changing.render(meanwhile=[old])
    changing.becomes(SERVED, old, meanwhile=[changing.kept("alice")])


@case("Envoy Gateway, revoked below a root", _COUNTERPARTS)
def revoked_below_root(world: World) -> None:
    """By command, then by the spec; no other client is refused for a moment."""
    _revoke(world, {"signing": {}}, ["signing"])


@case("Envoy Gateway, revoked below an intermediate", _COUNTERPARTS)
def revoked_below_intermediate(world: World) -> None:
    """The client's certificate alone is looked up."""
    _revoke(world, {"root": {}, "signing": {"issuer": "root"}}, ["signing"])


@case("Envoy Gateway, revoked below an intermediate, its root listed", _COUNTERPARTS)
def revoked_with_root(world: World) -> None:
    """The whole chain is looked up."""
    _revoke(world, {"root": {}, "signing": {"issuer": "root"}}, ["root"])


@case("Envoy Gateway, revoked below one of two authorities", _COUNTERPARTS)
def revoked_beside_another(world: World) -> None:
    """Clients of the other one are not refused for a list that they have no need of."""
    _revoke(world, {"signing": {}, "other": {}}, ["signing", "other"], {"dave": {"issuer": "other"}})


@case("Envoy Gateway, revoked below an intermediate beside a root", _COUNTERPARTS)
def revoked_beside_root(world: World) -> None:
    """Both are listed; nobody else is refused."""
    cas = {"root": {}, "signing": {"issuer": "root"}, "other": {}}
    _revoke(world, cas, ["signing", "other"], {"dave": {"issuer": "other"}})


def _revoke(
    world: World, cas: Mapping[str, Any], trusted: Sequence[str], more: Mapping[str, Any] | None = None
) -> None:
    clients = {name: {"issuer": "signing"} for name in ("alice", "bob", "carol")}
    changing = _Changing(world, cas, trusted, {"carol": clients.pop("carol"), **clients, **(more or {})})
    old_alice, bob, carol = (changing.kept(name) for name in ("alice", "bob", "carol"))
    others = [changing.kept(name) for name in more or {}]
    for client in (old_alice, bob, carol, *others):
        changing.becomes(SERVED, client)

    changing.run("cert", "revoke", "alice")
    changing.render(meanwhile=[bob, carol, *others])
    alice = changing.kept("alice")
    changing.becomes(REFUSED, old_alice, meanwhile=[alice, bob, carol, *others])

    changing.render(meanwhile=[alice, carol, *others], revoked=["bob"])
    changing.becomes(REFUSED, bob, meanwhile=[alice, carol, *others])
    changing.becomes(REFUSED, old_alice)
    changing.becomes(REFUSED, None)


@case("Envoy Gateway, the trust Secret is deleted afterwards", _COUNTERPARTS)
def broken(world: World) -> None:
    """Closed for everybody, until it is there again."""
    changing = _one_host(world)
    alice, name = changing.kept("alice"), f"{changing.host().replace('.', '-')}-tls-cacert"
    changing.becomes(SERVED, alice)
    changing.deployment.delete("secret", name)
    changing.becomes(BROKEN, alice)
    changing.becomes(BROKEN, None)
    changing.render()
    changing.becomes(SERVED, alice)
    changing.becomes(REFUSED, None)


@case("Envoy Gateway, the policy is deleted afterwards", _COUNTERPARTS)
def opened(world: World) -> None:
    """Open, until it is there again."""
    changing = _one_host(world)
    alice = changing.kept("alice")
    changing.becomes(REFUSED, None)
    changing.deployment.delete("clienttrafficpolicy", changing.host().replace(".", "-"))
    changing.becomes(SERVED, None)
    changing.render()
    changing.becomes(REFUSED, None)
    changing.becomes(SERVED, alice)


@case("Envoy Gateway, the certificate of the host is deleted afterwards", _COUNTERPARTS)
def without_certificate(world: World) -> None:
    """Its listener goes; no other one takes its clients."""
    changing = _one_host(world)
    alice = changing.kept("alice")
    changing.becomes(SERVED, alice)
    changing.deployment.delete("secret", f"{changing.host().replace('.', '-')}-tls")
    changing.deployment.becomes(REFUSED, changing.host(), alice)
    said = changing.deployment.said_of_cluster([changing.host()], {"alice": alice.certificate})
    words = said.words(changing.namespace, changing.host(), "alice")
    assert REFUSED in words, f"refused, and access says {words}"
    changing.deployment.expect(SERVED, changing.host(1), alice)
    changing.deployment.expect(REDIRECTED, changing.host(), plain=True)


def _one_host(world: World) -> _Changing:
    return _Changing(world, {"signing": {}}, ["signing"], {"alice": {"issuer": "signing"}})


@case("Envoy Gateway, 70 hosts", _COUNTERPARTS)
def many(world: World) -> None:
    """Those that the Gateway has no room for are in a ListenerSet, and are protected as well."""
    namespace = world.cluster.new_namespace("envoy-many")
    host = {"service": "app", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]}}
    names = [f"h{number:02}.{namespace}.test" for number in range(_HOSTS)]
    spec = {
        "cas": {"clients": {}},
        "clients": {"alice": {"issuer": "clients"}},
        "services": {"app": {"image": "httpd", "port": 80}},
        "hosts": {**dict.fromkeys(names, host), names[-1]: {**host, "clientAuth": False}},
    }
    deployment = new_deployment(world, world.scratch / "project", spec, namespace)
    objects = deployment.render()
    listeners = [len(each["spec"]["listeners"]) for each in objects if each["kind"] in ("Gateway", "ListenerSet")]
    # One of the Gateway's is for plain HTTP.
    assert sorted(listeners) == [_HOSTS - _IN_GATEWAY, _IN_GATEWAY + 1], listeners
    alice = of_client(deployment.project, "alice")
    said = deployment.said_of_cluster(names, {"alice": alice.certificate})
    of_spec = deployment.said_of_spec(names, {"alice": alice.certificate})
    for name in names:
        for client, identity in ((None, None), ("alice", alice)):
            expected = SERVED if identity or name == names[-1] else REFUSED
            deployment.becomes(expected, name, identity)
            for each in (said, of_spec):
                assert each.words(namespace, name, client) == (expected,), f"{name}, {client}: access is wrong"
        deployment.becomes(REDIRECTED, name, plain=True)
    deployment.expect(NOT_FOUND, names[-1], headers={"Host": names[0]})


@case("Envoy Gateway, secrets.nameSuffixHash", _COUNTERPARTS)
def suffixes(world: World) -> None:
    """Policies and listeners name the Secrets as they are called now; a changed one comes with another name."""
    namespace = world.cluster.new_namespace("envoy-suffixes")
    spec: dict[str, Any] = {
        "cas": {"servers": {}, "clients": {}, "partner": {}},
        "clients": {"alice": {"issuer": "clients"}, "pat": {"issuer": "partner"}},
        "services": {"app": {"image": "httpd", "port": 80}},
        "secrets": {"nameSuffixHash": True},
    }

    def hosts(*cas: str) -> dict[str, Any]:
        host = {"service": "app", "tls": {"issuer": "servers"}, "clientAuth": {"cas": list(cas), "secretName": "trust"}}
        return {**spec, "hosts": {f"h.{namespace}.test": host}}

    deployment = new_deployment(world, world.scratch / "project", hosts("clients"), namespace)
    before = _trust(deployment.render())
    host = f"h.{namespace}.test"
    alice, pat = (of_client(deployment.project, name) for name in ("alice", "pat"))
    deployment.becomes(SERVED, host, alice)
    deployment.expect(REFUSED, host, pat)
    deployment.project.write({"target": TARGET, "namespace": namespace, **hosts("clients", "partner")})
    after = _trust(deployment.render())
    assert before != after and all(name.startswith("trust-") for name in (before, after)), f"{before}, {after}"
    deployment.becomes(SERVED, host, pat, meanwhile=[alice])
    deployment.expect(REFUSED, host)
    said = deployment.said_of_cluster([host], {"pat": pat.certificate})
    assert said.words(namespace, host, "pat") == (SERVED,) and said.words(namespace, host) == (REFUSED,)


def _trust(objects: Sequence[Object]) -> str:
    """The Secret that the policy names; it is among the objects."""
    [policy] = [each for each in objects if each["kind"] == "ClientTrafficPolicy"]
    [reference] = policy["spec"]["tls"]["clientValidation"]["caCertificateRefs"]
    name: str = reference["name"]
    assert any(each["kind"] == "Secret" and each["metadata"]["name"] == name for each in objects), name
    return name
