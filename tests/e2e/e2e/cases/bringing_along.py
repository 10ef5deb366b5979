"""What people made by hand with openssl, cfssl and kubectl comes along whole: the old clients get the same answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..enforcement.answers import NOT_ACCEPTED, NOTHING_SENT, Answered, Expected, Served, becomes
from ..enforcement.identities import Identity, proof
from ..program import Finished
from ..registry import case
from ..world import World

_CONTROLLER = "ingress-nginx"
_NGINX = "nginx.ingress.kubernetes.io"
_DAYS = ("-days", "365")


@case("the demo application by hand comes along", [_CONTROLLER])
def the_demo_application(world: World) -> None:
    """A self-signed certificate without subjectAltName, and one authority with one client."""
    by_hand = _ByHand(world, "test.localdev.me")
    host = by_hand.host
    by_hand.openssl(
        "req", "-x509", "-nodes", *_DAYS, "-newkey", "rsa:2048", "-keyout", "tls.key", "-out", "tls.crt",
        "-subj", f"/CN={host}/O={host}",
    )  # fmt: skip
    by_hand.root("ca", "/CN=My Cert Authority")
    by_hand.client("client", "ca", "/CN=My Client", "-set_serial", "02")
    by_hand.serves("demo-app", "self-tls", "ca-secret", {"ca.crt": "ca.crt"})
    said = by_hand.comes_along("ca.key", "client.crt", "client.key")
    assert "common-name-only" in said, said


@case("a chain of authorities by hand comes along", [_CONTROLLER])
def a_chain_of_authorities(world: World) -> None:
    """The bundle has the authority that signs clients and the root above it."""
    by_hand = _ByHand(world, "web.example.com")
    by_hand.root("root", "/CN=Root")
    by_hand.issues("issuing", "root", "/CN=Issuing", "basicConstraints=critical,CA:TRUE,pathlen:0")
    by_hand.client("client", "issuing", "/CN=alice", purpose="extendedKeyUsage=clientAuth")
    by_hand.server("tls", "root")
    bundle = by_hand.read("issuing.crt") + by_hand.read("root.crt")
    (by_hand.folder / "bundle.crt").write_text(bundle)
    by_hand.serves("web", "web-tls", "tls-authentication", {"ca.crt": "bundle.crt"}, depth=2)
    by_hand.comes_along("root.key", "issuing.key", "client.crt", "client.key")


@case("two authorities by hand come along", [_CONTROLLER])
def two_authorities(world: World) -> None:
    """One has signed the server, and its key is not there; another one the clients."""
    by_hand = _ByHand(world, "app.192-0-2-10.sslip.io")
    by_hand.root("public", "/C=GB/O=Org Public CA/CN=Public Cert Authority")
    by_hand.root("internal", "/C=GB/O=Org Internal CA/CN=Internal Cert Authority")
    by_hand.server("tls", "public")
    by_hand.client("client", "internal", "/C=GB/O=aks-ingress-client/CN=internal-client", "-set_serial", "02")
    by_hand.serves("http-svc", "server-tls", "internal-ca", {"ca.crt": "internal.crt"}, port_name="http")
    by_hand.comes_along("internal.key", "client.crt", "client.key")


@case("a protected service among public ones by hand comes along", [_CONTROLLER])
def a_protected_service(world: World) -> None:
    """The guide puts the authority's key into the cluster: it comes along as a file of the store, and is reported."""
    by_hand = _ByHand(world, "admin.shop.example.com")
    by_hand.root("ca", "/CN=My Certificate Authority/O=MyOrganization")
    by_hand.server("tls", "ca")
    by_hand.client("client", "ca", "/CN=authorized-client/O=MyOrganization")
    by_hand.serves("admin", "admin-tls", "ca-secret", {"ca.crt": "ca.crt", "ca.key": "ca.key"})
    by_hand.public("shop")
    said = by_hand.comes_along("client.crt", "client.key")
    assert "the private key of an authority lies in the cluster" in said, said


@case("a client of cfssl and a certificate of cert-manager come along", [_CONTROLLER])
def cfssl_and_cert_manager(world: World) -> None:
    """The Ingress has the class in the old annotation, and a Secret that cert-manager fills."""
    by_hand = _ByHand(world, "in.logpoint.com.np")
    name = {"C": "NP", "ST": "Nepal", "L": "Lalitpur", "O": "Logpoint Nepal", "OU": "ITOps"}
    profile = {"usages": ["signing", "key encipherment", "client auth"], "expiry": "8760h"}
    files = {
        "ca.json": {"CN": "Logpoint CA", "key": {"algo": "rsa", "size": 2048}, "names": [name]},
        "config.json": {"signing": {"default": {"expiry": "8760h"}, "profiles": {"client": profile}}},
        "request.json": {"CN": "partner", "key": {"algo": "rsa", "size": 2048}, "names": [name], "hosts": [""]},
    }
    for file, content in files.items():
        (by_hand.folder / file).write_text(json.dumps(content))
    by_hand.shell("cfssl gencert -loglevel 5 -initca ca.json | cfssljson -bare authority")
    by_hand.shell(
        "cfssl gencert -loglevel 5 -ca authority.pem -ca-key authority-key.pem -config config.json -profile client "
        "request.json | cfssljson -bare client"
    )
    by_hand.root("issuer", "/CN=Issuer")
    by_hand.server("tls", "issuer")
    by_hand.identity = Identity(by_hand.folder / "client.pem", by_hand.folder / "client-key.pem")
    notes = {"cert-manager.io/cluster-issuer": "ca-issuer", "kubernetes.io/ingress.class": "nginx"}
    secret = {"ca.crt": "authority.pem"}
    by_hand.serves("httpbin", "logpoint-ingress", "logpoint-ca", secret, notes=notes, port=8000)
    files = ("authority-key.pem", "client.pem", "client-key.pem", "config.json", "request.json")
    by_hand.comes_along(*files, kept={"logpoint-ingress"})


class _ByHand:
    """A user with openssl and kubectl, in a namespace of their own."""

    def __init__(self, world: World, host: str) -> None:
        self._world = world
        self._controller = controller(world.run, _CONTROLLER)
        self._marker = the_backend(world.run).marker
        self.namespace = world.new_namespace("by-hand")
        self.host = f"{self.namespace}.{host}"
        self.folder = world.scratch / "by-hand"
        self.folder.mkdir()
        self.identity = Identity(self.folder / "client.crt", self.folder / "client.key")
        self._public: list[str] = []
        self._secrets: list[str] = []
        serve(world.cluster, self.namespace)

    def openssl(self, *arguments: str) -> None:
        """One command of openssl."""
        self._run(["openssl", *arguments])

    def shell(self, line: str) -> None:
        """A line that people type, with a pipe."""
        self._run(["bash", "-o", "pipefail", "-c", line])

    def read(self, file: str) -> str:
        """A file's text."""
        return (self.folder / file).read_text()

    def root(self, name: str, subject: str) -> None:
        """A self-signed authority, as guides make it."""
        self.openssl(
            "req", "-x509", "-nodes", *_DAYS, "-newkey", "rsa:2048", "-keyout", f"{name}.key", "-out", f"{name}.crt",
            "-subj", subject,
        )  # fmt: skip

    def issues(self, name: str, issuer: str, subject: str, extensions: str, *more: str) -> None:
        """A key, a request and a certificate below an authority."""
        self.openssl(
            "req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject
        )  # fmt: skip
        (self.folder / f"{name}.ext").write_text(f"{extensions}\n" if extensions else "")
        number = more or ("-CAcreateserial",)
        self.openssl(
            "x509", "-req", *_DAYS, "-in", f"{name}.csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", *number,
            "-out", f"{name}.crt", "-extfile", f"{name}.ext",
        )  # fmt: skip

    def client(self, name: str, issuer: str, subject: str, *more: str, purpose: str = "") -> None:
        """A client's certificate: by the guides, without any extension."""
        self.issues(name, issuer, subject, purpose, *more)

    def server(self, name: str, issuer: str) -> None:
        """A server's certificate with its name in subjectAltName."""
        self.issues(name, issuer, f"/CN={self.host}", f"subjectAltName=DNS:{self.host}")

    def serves(
        self,
        service: str,
        tls: str,
        trust: str,
        bundle: dict[str, str],
        *,
        depth: int = 1,
        port: int = 80,
        port_name: str = "",
        notes: dict[str, str] | None = None,
    ) -> None:
        """Deploys, exposes and protects a service, and waits until the controller does."""
        self._service(service, port, port_name)
        self.kubectl("create", "secret", "tls", tls, f"--cert={self.folder}/tls.crt", f"--key={self.folder}/tls.key")
        files = [f"--from-file={key}={self.folder / file}" for key, file in bundle.items()]
        self.kubectl("create", "secret", "generic", trust, *files)
        self._secrets += [tls, trust]
        annotations = {
            f"{_NGINX}/auth-tls-pass-certificate-to-upstream": "true",
            f"{_NGINX}/auth-tls-secret": f"{self.namespace}/{trust}",
            f"{_NGINX}/auth-tls-verify-client": "on",
            f"{_NGINX}/auth-tls-verify-depth": str(depth),
            **(notes or {}),
        }
        self._ingress(service, self.host, port_name or port, annotations, tls)
        self._answers()

    def public(self, service: str) -> None:
        """A service that everybody reaches by plain HTTP."""
        self._service(service, 80, "")
        host = f"www.{self.host}"
        self._ingress(service, host, 80, {}, None)
        self._public.append(host)

    def comes_along(self, *files: str, kept: Collection[str] = ()) -> str:
        """Imports the cluster's objects and the files, and puts what is rendered in the place of what was by hand.

        Returns what both commands say.
        """
        dump = self.kubectl("get", "ingress,secret,service", "-o", "yaml").stdout
        (self.folder / "cluster.yaml").write_text(dump)
        run = self._world.program.run
        imported = run("import", "cluster.yaml", *files, "-o", "imported", folder=self.folder)
        rendered = run("render", "--locked", folder=self.folder / "imported")
        assert "ca.key" not in rendered.stdout
        for secret in (each for each in self._secrets if each not in kept):
            self.kubectl("delete", "secret", secret)
        self.kubectl("delete", "ingress", "--all")
        becomes(Answered(404), lambda: self._ask(self.host, self.identity), self._marker)
        self._world.cluster.apply(rendered.stdout)
        self._answers()
        return imported.stdout + rendered.stderr

    def kubectl(self, *arguments: str) -> Finished:
        """One kubectl command in the namespace."""
        return self._world.cluster.kubectl(*arguments, namespace=self.namespace)

    def _service(self, service: str, port: int, port_name: str) -> None:
        self.kubectl("create", "service", "clusterip", service, f"--tcp={port}:80")
        if port_name:
            name = json.dumps([{"op": "replace", "path": "/spec/ports/0/name", "value": port_name}])
            self.kubectl("patch", "service", service, "--type=json", "-p", name)
        there = self._world.cluster.get("service", service, self.namespace)
        self._world.cluster.apply(as_list(endpoints([there])))

    def _ingress(self, service: str, host: str, port: int | str, annotations: dict[str, str], tls: str | None) -> None:
        rule = f"--rule={host}/*={service}:{port}" + (f",tls={tls}" if tls else "")
        has_class = "kubernetes.io/ingress.class" in annotations
        named = [] if has_class else ["--class=nginx"]
        notes = [f"--annotation={name}={value}" for name, value in annotations.items()]
        self.kubectl("create", "ingress", service, *named, rule, *notes)

    def _answers(self) -> None:
        expected: list[tuple[Expected, Identity | None]] = [
            (Served(), self.identity),
            (NOTHING_SENT[_CONTROLLER], None),
            (NOT_ACCEPTED[_CONTROLLER], self._stranger()),
        ]
        for answer, identity in expected:
            becomes(answer, lambda identity=identity: self._ask(self.host, identity), self._marker)
        for host in self._public:
            becomes(Served(), lambda host=host: self._ask_plainly(host), self._marker)

    def _stranger(self) -> Identity:
        if not (self.folder / "stranger.crt").exists():
            self.root("stranger", "/CN=stranger")
        return Identity(self.folder / "stranger.crt", self.folder / "stranger.key")

    def _ask(self, host: str, identity: Identity | None) -> Answer:
        # By the first guide, the server's certificate names no host that curl takes.
        options = {"at": self._controller.https, **proof(identity)}
        return self._controller.answer(lambda: ask(self._world.network, f"https://{host}/", **options))

    def _ask_plainly(self, host: str) -> Answer:
        at = self._controller.http
        return self._controller.answer(lambda: ask(self._world.network, f"http://{host}/", at=at))

    def _run(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
