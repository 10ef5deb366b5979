"""The scene of what mtlsgen renders for Envoy Gateway: a host for each setting, and every kind of client."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..enforcement.identities import ALICE, CLIENTS, Authority, Identity, leaf_of, of_client
from ..program import Object, Project
from ..specs.material import new_certificate
from ..world import Run
from .deployment import CLASS, TARGET, Deployment
from .said import Said
from .scene import REFUSED, SERVED

#: Where the hosts are; and one of them, whose Secret lies in the first.
NAMESPACE, ELSEWHERE = "rendered", "rendered-elsewhere"
_DOMAIN = "rendered.test"
#: A Secret with the clients' authority, which mtlsgen has not made.
_EXISTING = "existing-authority"

#: Setting of client authentication by host.
_HOSTS: dict[str, Any] = {
    "protected": {"cas": ["clients"]},
    "unforwarded": {"cas": ["clients"], "passCertificateToUpstream": False},
    "optional": {"cas": ["clients"], "verify": "optional"},
    "optional-unforwarded": {"cas": ["clients"], "verify": "optional", "passCertificateToUpstream": False},
    "optional-no-ca": {"cas": ["clients"], "verify": "optional_no_ca"},
    "off": {"cas": ["clients"], "verify": "off"},
    "open": False,
    "two": {"cas": ["clients", "partner"]},
    "middle": {"cas": ["middle"]},
    "root": {"cas": ["root"]},
    "listed-root": {"cas": ["listed-root"]},
    "listed-middle": {"cas": ["listed-middle"]},
    "optional-listed": {"cas": ["listed-root"], "verify": "optional"},
    "fallen-root": {"cas": ["fallen-root"]},
    "existing": {"secretName": f"{NAMESPACE}/{_EXISTING}"},
    "elsewhere": {"secretName": f"{NAMESPACE}/{_EXISTING}"},
    "*.wild": {"cas": ["clients"]},
    "below.wild": False,
}
#: Hosts of which a spec alone does not say whom they trust.
OF_OTHERS = ("existing", "elsewhere")
#: Those with a route that plain HTTP serves.
PLAIN = "plain"
#: Asked below the wildcard; the second is two labels below it.
BELOW_WILDCARD = ("one.wild", "two.one.wild")


def host_name(host: str) -> str:
    """The name under which a host of the scene is asked."""
    return f"{host}.{_DOMAIN}"


def namespace_of(host: str) -> str:
    """Where its Gateway is."""
    return ELSEWHERE if host == "elsewhere" else NAMESPACE


def asked_hosts() -> list[str]:
    """The hosts with TLS, by the names that are asked."""
    return [*(name for name in _HOSTS if not name.startswith("*")), *BELOW_WILDCARD]


@dataclass(frozen=True)
class Rendered:
    """The scene."""

    deployment: Deployment
    identities: Mapping[str, Identity]
    objects: list[Object]
    of_spec: Said
    of_cluster: Said


def rendered(run: Run) -> Rendered:
    """The run's scene, made when it is first asked for."""
    return run.share("what is rendered for Envoy Gateway", _applied)


@contextmanager
def _applied(run: Run) -> Iterator[Rendered]:
    folder = run.scratch / NAMESPACE
    folder.mkdir()
    authority = Authority(run.program, folder)
    project = Project.with_spec(run.program, folder / "scene", _spec())
    authority.store_in(project)
    deployment = Deployment(run, project, NAMESPACE, ELSEWHERE)
    # Certificates that are revoked afterwards, and one of an authority that is.
    project.render()
    kept = {name: _kept(project, name, folder) for name in ("revoked-root", "revoked-middle", "lost")}
    for name in ("revoked-root", "revoked-middle"):
        project.program.run("cert", "revoke", name, folder=project.folder)
    project.write(_spec(_serial(project.certificate("cas/fallen"))))
    deployment.apply([_existing(project)])
    objects = deployment.render()
    clients = {name: of_client(project, name) for name in _clients() if name not in kept}
    identities = {
        **clients,
        **kept,
        "middle, alone": leaf_of(clients["middle"], folder / "middle-alone.crt"),
        "listed-middle, alone": leaf_of(clients["listed-middle"], folder / "listed-middle-alone.crt"),
        "expired": authority.expired,
        "not yet valid": authority.not_yet_valid(),
        "for servers only": authority.for_servers_only(),
        "stranger": authority.stranger(),
        "self-signed": _self_signed(folder),
    }
    _wait(deployment, identities)
    names = [host_name(each) for each in (*asked_hosts(), PLAIN)]
    files = {name: each.certificate for name, each in identities.items()}
    of_spec = deployment.said_of_spec(names, files)
    yield Rendered(deployment, identities, objects, of_spec, deployment.said_of_cluster(names, files))


def _wait(deployment: Deployment, identities: Mapping[str, Identity]) -> None:
    """Until the Gateways serve all of it: each host whom it admits, and nobody who was revoked."""
    holders = {"middle": "middle", "root": "root", "fallen-root": "standing"}
    for host in asked_hosts():
        holder = holders.get(host) or ("listed-middle" if "listed" in host else "alice")
        deployment.becomes(SERVED, host_name(host), identities[holder], namespace=namespace_of(host))
    for host in ("listed-root", "listed-middle"):
        deployment.becomes(REFUSED, host_name(host), identities["revoked-middle"])
    deployment.becomes(SERVED, host_name(PLAIN), plain=True)


def _clients() -> dict[str, dict[str, Any]]:
    issuers = {
        "partner": "partner",
        "root": "root",
        "middle": "middle",
        "sibling": "sibling",
        "listed-root": "listed-root",
        "listed-middle": "listed-middle",
        "revoked-root": "listed-root",
        "revoked-middle": "listed-middle",
        "standing": "standing",
        "lost": "fallen",
    }
    return {"alice": ALICE, **{name: {"issuer": issuer} for name, issuer in issuers.items()}}


def _spec(fallen: str | None = None) -> dict[str, Any]:
    """`fallen`: the serial number of an intermediate that is revoked, and not in the spec any more."""
    fallen_root: dict[str, Any] = {"revoked": [fallen]} if fallen else {}
    clients = _clients()
    cas: dict[str, Any] = {
        "servers": {},
        "clients": CLIENTS,
        "partner": {},
        "root": {},
        "middle": {"issuer": "root"},
        "sibling": {"issuer": "root"},
        "listed-root": {},
        "listed-middle": {"issuer": "listed-root"},
        "fallen-root": fallen_root,
        "standing": {"issuer": "fallen-root"},
    }
    if fallen:
        del clients["lost"]
    else:
        cas["fallen"] = {"issuer": "fallen-root"}
    return {
        "target": TARGET,
        "namespace": NAMESPACE,
        "ingressClassName": CLASS,
        "cas": cas,
        "clients": clients,
        "services": {
            "app": {"image": "httpd", "port": 80},
            "app-elsewhere": {"name": "app", "namespace": ELSEWHERE, "image": "httpd", "port": 80},
        },
        "defaults": {"hosts": {"tls": {"issuer": "servers"}}},
        "hosts": {
            **{host_name(name): _host(name, auth) for name, auth in _HOSTS.items()},
            host_name(PLAIN): {"service": "app", "tls": False},
        },
    }


def _host(name: str, auth: Any) -> dict[str, Any]:
    if name == "elsewhere":
        return {"namespace": ELSEWHERE, "service": "app-elsewhere", "clientAuth": auth}
    return {"service": "app", "clientAuth": auth}


def _existing(project: Project) -> Object:
    text = project.certificate("cas/clients").read_text()
    metadata = {"name": _EXISTING, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"ca.crt": text}}


def _kept(project: Project, name: str, folder: Path) -> Identity:
    """A client's certificate, in a place where the next render does not touch it."""
    place = folder / name
    place.mkdir()
    now = of_client(project, name)
    return Identity(Path(shutil.copy(now.certificate, place)), Path(shutil.copy(now.key, place)))


def _serial(certificate: Path) -> str:
    command: list[str | Path] = ["openssl", "x509", "-noout", "-serial", "-in", certificate]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "0x" + printed.strip().removeprefix("serial=")


def _self_signed(folder: Path) -> Identity:
    """With the subject of alice."""
    files = Identity(folder / "self-signed.pem", folder / "self-signed.key")
    purposes = ("basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth")
    new_certificate(files.certificate, files.key, "/O=Example/CN=alice", *purposes)
    return files
