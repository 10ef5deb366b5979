"""A project in Git: a year of daily work, from two empty repositories to a finished rollover."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ..ask import Answer
from ..controllers import controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..cluster import as_list
from ..enforcement.answers import NOT_ACCEPTED, NOTHING_SENT, Expected, Served, becomes
from ..enforcement.identities import Identity
from ..enforcement.scene import ask_host
from ..program import Finished, read_objects
from ..registry import case
from ..world import World

_CONTROLLER = "ingress-nginx"
_REFUSED = NOT_ACCEPTED[_CONTROLLER]
_STRANGER = NOTHING_SENT[_CONTROLLER]
#: Who is let in, by the part of the host's name before the first dot; no certificate is requested elsewhere.
_PROTECTED = {
    "admin": ["staff"],
    "reports": ["staff"],
    "orders": ["acme"],
    "stock": ["staff", "globex"],
}
_PUBLIC = ["www", "shop", "cart", "search", "media", "blog", "help", "jobs"]


@case("twelve services, two partners, two environments, a colleague, CI, a leaver, a rollover", [_CONTROLLER])
def a_year(world: World) -> None:
    """Everything that goes through Git goes through Git; the controller answers after each step."""
    partners = _Partners(world.scratch / "partners")
    job = _Job(world, partners)
    for environment in ("staging", "production"):
        job.mtlsgen("render", "-f", f"{environment}/mtls.yaml", "-o", f"{environment}/deploy")
    job.commit("two environments")
    for environment in ("staging", "production"):
        job.apply(environment)
    job.answers("production", "admin", Served(), job.client("production", "alice"))
    job.answers("production", "admin", _STRANGER, None)
    job.answers("production", "www", Served(), None)
    job.answers("production", "orders", Served(), partners.client("acme"))
    job.answers("production", "orders", _REFUSED, job.client("production", "alice"))
    job.answers("production", "stock", Served(), partners.client("globex"))
    # Each environment lets in its own.
    job.answers("staging", "admin", Served(), job.client("staging", "alice"))
    job.answers("production", "admin", _REFUSED, job.client("staging", "alice"))
    crossed = job.mtlsgen("render", "-f", "production/mtls.yaml", "--set", "store.path=staging/pki", status=2)
    assert "belongs to `staging`" in crossed.stderr, crossed.stderr

    _a_colleague(job)
    _ci(job)
    _a_partner_revokes(job, partners)
    _a_leaver(job, partners)
    _a_rollover(job)
    _a_lost_store(job)
    _ci(job)


def _a_colleague(job: _Job) -> None:
    """Without a key, in a clone: an image changes, and reaches the cluster through Git."""
    clone = job.clone("colleague")
    job.change(clone, "common.yaml", lambda spec: spec["services"]["www"].update(image="httpd:2"))
    job.mtlsgen("render", "-f", "production/mtls.yaml", "-o", "production/deploy", folder=clone)
    job.mtlsgen("render", "-f", "staging/mtls.yaml", "-o", "staging/deploy", folder=clone)
    assert not list(clone.rglob("*.key")) and not (clone / "production/deploy/secrets").exists()
    job.commit("a new image", clone)
    job.pull(clone)
    job.apply("production", secrets=False)
    namespaces = (job.namespace("production", number) for number in range(3))
    deployments = [each for name in namespaces for each in job.world.cluster.objects("deployment", namespace=name)]
    images = [each["spec"]["template"]["spec"]["containers"][0]["image"] for each in deployments]
    assert images.count("httpd:2") == 1 and len(images) == 12, images
    job.answers("production", "admin", Served(), job.client("production", "alice"))


def _ci(job: _Job) -> None:
    """A fresh clone finds nothing to do."""
    clone = job.clone("ci")
    for environment in ("staging", "production"):
        spec = f"{environment}/mtls.yaml"
        job.mtlsgen("render", "-f", spec, "-o", f"{environment}/deploy", "--check", "--locked", folder=clone)
        job.mtlsgen("status", "-f", spec, "--fail-within", "21d", folder=clone)
    shutil.rmtree(clone)


def _a_partner_revokes(job: _Job, partners: _Partners) -> None:
    """The partner publishes a list in its own repository, and it goes on through ours."""
    partners.revoke("acme")
    job.take_over(partners)
    job.render("production", "what acme revoked")
    job.answers("production", "orders", _REFUSED, partners.client("acme"))
    fresh = partners.issue("acme", "fresh")
    job.answers("production", "orders", Served(), fresh)


def _a_leaver(job: _Job, partners: _Partners) -> None:
    """One bundle has a partner without a list: revoking is refused while it would lock out every client."""
    bob, alice = job.client("production", "bob"), job.client("production", "alice")
    job.answers("production", "stock", Served(), bob)
    refused = job.mtlsgen("cert", "revoke", "bob", "-f", "production/mtls.yaml", status=2)
    assert "globex" in refused.stderr, refused.stderr
    job.answers("production", "stock", Served(), bob)
    partners.publish("globex")
    job.take_over(partners)
    job.change(job.folder, "production/mtls.yaml", lambda spec: spec["clients"].update(bob=None))
    job.mtlsgen("cert", "revoke", "bob", "-f", "production/mtls.yaml", "--reason", "cessationOfOperation")
    job.render("production", "bob leaves")
    # Where one authority of a bundle has a list, each has.
    job.render("staging", "what the partners revoked")
    for host in ("admin", "stock"):
        job.answers("production", host, _REFUSED, bob)
        job.answers("production", host, Served(), alice)
    job.answers("production", "stock", Served(), partners.client("globex"))


def _a_rollover(job: _Job) -> None:
    """The staff's authority gets a successor, and no working client is locked out meanwhile."""
    old = job.client("production", "alice")
    steps: list[list[str]] = [[], ["--activate"], ["--retire", "--force"]]
    for step in steps:
        job.mtlsgen("ca", "rotate", "staff", *step, "-f", "production/mtls.yaml")
        job.render("production", f"staff: {' '.join(step) or 'introduce'}")
        job.answers("production", "admin", Served(), job.client("production", "alice"))
    job.answers("production", "admin", _REFUSED, old)
    job.answers("staging", "admin", Served(), job.client("staging", "alice"))


def _a_lost_store(job: _Job) -> None:
    """Nothing is made anew where the manifests know better."""
    clone = job.clone("lost")
    shutil.rmtree(clone / "production/pki")
    arguments = ["render", "-f", "production/mtls.yaml", "-o", "production/deploy"]
    lost = job.mtlsgen(*arguments, folder=clone, status=2)
    assert "error[unknown-authority]" in lost.stderr, lost.stderr
    assert not (clone / "production/pki/cas").exists()
    shutil.rmtree(clone)


class _Job:
    """Our repository, the cluster, and those who work with both."""

    def __init__(self, world: World, partners: _Partners) -> None:
        self.world = world
        self.folder = world.scratch / "platform"
        self._controller = controller(world.run, _CONTROLLER)
        self._marker = the_backend(world.run).marker
        environments = ("staging", "production")
        self._namespaces = {each: [world.new_namespace("job") for _ in range(3)] for each in environments}
        for namespace in (name for names in self._namespaces.values() for name in names):
            serve(world.cluster, namespace)
        _git(self.folder, "init", "--quiet")
        self.take_over(partners)
        _write(self.folder / "common.yaml", self._common())
        for environment in environments:
            _write(self.folder / environment / "mtls.yaml", self._environment(environment))

    def namespace(self, environment: str, number: int) -> str:
        """One of the three namespaces of an environment."""
        return self._namespaces[environment][number]

    def mtlsgen(self, *arguments: str, folder: Path | None = None, status: int = 0) -> Finished:
        """Runs mtlsgen in our repository, or in a clone of it."""
        return self.world.program.run(*arguments, folder=folder or self.folder, status=status)

    def commit(self, words: str, folder: Path | None = None) -> None:
        """Commits all that Git does not ignore."""
        _git(folder or self.folder, "add", "--all")
        _git(folder or self.folder, "commit", "--quiet", "--message", words)

    def clone(self, name: str) -> Path:
        """A clone of what is committed."""
        clone = self.world.scratch / name
        _git(self.world.scratch, "clone", "--quiet", self.folder, clone)
        return clone

    def pull(self, clone: Path) -> None:
        """What was committed in a clone."""
        _git(self.folder, "pull", "--quiet", clone, "HEAD")

    def change(self, folder: Path, file: str, how: Callable[[dict[str, Any]], object]) -> None:
        """Changes a spec."""
        spec = yaml.safe_load((folder / file).read_text())
        how(spec)
        _write(folder / file, spec)

    def take_over(self, partners: _Partners) -> None:
        """Certificates and lists as the partners' repository has them."""
        clone = self.world.scratch / "partners-clone"
        _git(self.world.scratch, "clone", "--quiet", partners.folder, clone)
        shutil.copytree(clone, self.folder / "partners", ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
        shutil.rmtree(clone)
        for name in ("acme", "globex"):
            if (self.folder / f"partners/{name}.crl").exists() and (self.folder / "common.yaml").exists():
                self.change(self.folder, "common.yaml", _has_list(name))

    def render(self, environment: str, words: str) -> None:
        """Renders, commits and applies."""
        self.mtlsgen("render", "-f", f"{environment}/mtls.yaml", "-o", f"{environment}/deploy")
        self.commit(words)
        self.apply(environment)

    def apply(self, environment: str, secrets: bool = True) -> None:
        """As `render` says: Secrets with keys first, from the machine that has them."""
        deploy = self.folder / environment / "deploy"
        for folder in ([deploy / "secrets"] if secrets else []) + [deploy]:
            if slices := endpoints(read_objects(self.world.cluster.kubectl("kustomize", folder).stdout)):
                self.world.cluster.apply(as_list(slices))
            self.world.cluster.kubectl("apply", "-k", folder)

    def client(self, environment: str, name: str) -> Identity:
        """The present certificate of a client, in a place of its own."""
        kept = self.world.scratch / f"{environment}-{name}-{len(list(self.world.scratch.iterdir()))}"
        kept.mkdir()
        now = self.folder / environment / "pki/clients" / name
        return Identity(
            Path(shutil.copy(now / "tls.crt", kept)),
            Path(shutil.copy(now / "tls.key", kept)),
        )

    def answers(self, environment: str, host: str, expected: Expected, identity: Identity | None) -> None:
        """Waits until that is the answer."""
        name = f"{host}.{self._domain(environment)}"
        authority = self.folder / environment / "pki/cas/servers/tls.crt"

        def asked() -> Answer:
            return ask_host(self.world.network, self._controller, name, authority, identity)

        becomes(expected, asked, self._marker)

    def _domain(self, environment: str) -> str:
        return f"{self.namespace(environment, 0)}.test"

    def _common(self) -> dict[str, Any]:
        names = [*_PROTECTED, *_PUBLIC]
        partner = {name: {"certificate": f"partners/{name}.crt"} for name in ("acme", "globex")}
        return {
            "cas": {"servers": {}, "staff": {}, **partner},
            "clients": {name: {"issuer": "staff"} for name in ("alice", "bob")},
            "services": {name: {"image": "httpd", "port": 80} for name in names},
            "hosts": {
                name: {
                    "service": name,
                    "tls": {"issuer": "servers"},
                    "clientAuth": {"cas": _PROTECTED[name]} if name in _PROTECTED else False,
                }
                for name in names
            },
        }

    def _environment(self, environment: str) -> dict[str, Any]:
        names = [*_PROTECTED, *_PUBLIC]
        namespaces = {name: self.namespace(environment, at % 3) for at, name in enumerate(names)}
        return {
            "include": ["../common.yaml"],
            "name": environment,
            "services": {name: {"namespace": namespaces[name]} for name in names},
            "hosts": {
                name: {"host": f"{name}.{self._domain(environment)}", "namespace": namespaces[name]} for name in names
            },
            "clients": {},
        }


def _has_list(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda spec: spec["cas"][name].update(crl=f"partners/{name}.crl")


class _Partners:
    """What partners do with openssl, and the repository in which they publish."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._private = folder.with_name("private")
        _git(folder, "init", "--quiet")
        for name in ("acme", "globex"):
            private = self._private / name
            private.mkdir(parents=True)
            (private / "index.txt").write_text("")
            (private / "crlnumber").write_text("01\n")
            (private / "ca.cnf").write_text(_CONFIGURATION)
            _openssl(
                private, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
                "-days", "3650", "-subj", f"/O={name}/CN={name} clients", "-config", "ca.cnf", "-extensions", "authority",
            )  # fmt: skip
            shutil.copy(private / "ca.crt", folder / f"{name}.crt")
            self.issue(name, "client")
        self.publish("acme")

    def client(self, name: str) -> Identity:
        """A partner's first client."""
        return Identity(self._private / name / "client.crt", self._private / name / "client.key")

    def issue(self, name: str, client: str) -> Identity:
        """A certificate for a client."""
        private = self._private / name
        _openssl(
            private, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{client}.key", "-out", f"{client}.csr",
            "-subj", f"/O={name}/CN={client}", "-config", "ca.cnf",
        )  # fmt: skip
        _openssl(private, "ca", "-batch", "-config", "ca.cnf", "-in", f"{client}.csr", "-out", f"{client}.crt", "-notext")
        return Identity(private / f"{client}.crt", private / f"{client}.key")

    def revoke(self, name: str) -> None:
        """Revokes the first client, and publishes a list."""
        _openssl(self._private / name, "ca", "-config", "ca.cnf", "-revoke", "client.crt")
        self.publish(name)

    def publish(self, name: str) -> None:
        """A new list, in the partners' repository."""
        _openssl(self._private / name, "ca", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem")
        shutil.copy(self._private / name / "crl.pem", self.folder / f"{name}.crl")
        _git(self.folder, "add", "--all")
        _git(self.folder, "commit", "--quiet", "--message", f"{name}: a list")


_CONFIGURATION = """\
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = own
[own]
dir = .
database = index.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
rand_serial = yes
crlnumber = crlnumber
default_md = sha256
default_days = 365
default_crl_days = 90
policy = any
x509_extensions = client
crl_extensions = list
[any]
organizationName = optional
commonName = supplied
[client]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
[list]
authorityKeyIdentifier = keyid
"""


def _write(path: Path, spec: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(spec))


def _openssl(folder: Path, *arguments: str) -> None:
    _done(["openssl", *arguments], folder)


def _git(folder: Path, *arguments: str | Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _done(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], folder)


def _done(command: list[str | Path], folder: Path) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
