"""Who asks at the doors, what the hosts trust, and the backends behind them."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import controllers
from ..controllers import the_backend
from ..controllers.backend import PORT
from ..network import BACKEND_ADDRESS
from ..processes import Process
from ..program import Object, Project
from ..world import Run
from .identities import ALICE, CLIENTS, Authority, Identity, of_client

#: Names of theirs meet: a namespace is the other's, with the beginning of an object's name.
NAMESPACE, LONGER_NAMESPACE = "doors", "doors-api"
#: Backends: that of protected hosts, and those of others; port by name.
PROTECTED, OPEN, FASTCGI = "protected", "open", "fastcgi"
PORTS = {PROTECTED: PORT, OPEN: 8081, FASTCGI: 9000}

#: Names of Secrets: the authority of `alice`, that of `partner`, both, and the hosts' certificate.
CLIENTS_SECRET, PARTNER_SECRET, BOTH_SECRET, TLS_SECRET = "clients", "partner", "both", "server"


class Material:
    """Authorities, and who they sign."""

    def __init__(self, run: Run, folder: Path) -> None:
        authority = Authority(run.program, folder)
        spec: dict[str, Any] = {
            "cas": {"clients": CLIENTS, "partner": {"subject": "CN=Partner"}, "servers": {}},
            "clients": {"alice": ALICE, "partner": {"issuer": "partner", "subject": "CN=partner"}},
            "services": {"app": {"existing": True, "port": 80}},
            "hosts": {"server.doors.test": {"service": "app", "tls": {"issuer": "servers"}, "clientAuth": False}},
        }
        self._project = Project.with_spec(run.program, folder / "material", spec)
        authority.store_in(self._project)
        self._project.render()
        clients = {name: of_client(self._project, name) for name in ("alice", "partner")}
        self.identities = {**clients, "stranger": authority.stranger(), "twin": _twin(folder)}

    def secrets(self) -> list[Object]:
        """In both namespaces; two of them lie in files of the same name in the controller."""
        holder = "hosts/server.doors.test"
        ours, partner = (self._project.certificate(f"cas/{name}").read_bytes() for name in ("clients", "partner"))
        pair = {
            "tls.crt": self._project.certificate(holder).read_bytes(),
            "tls.key": self._project.key(holder).read_bytes(),
        }
        everywhere = {CLIENTS_SECRET: ours, PARTNER_SECRET: partner, BOTH_SECRET: ours + partner}
        return [
            *(
                _secret(name, namespace, content)
                for namespace in (NAMESPACE, LONGER_NAMESPACE)
                for name, content in (
                    *((name, {"ca.crt": text}) for name, text in everywhere.items()),
                    (TLS_SECRET, pair),
                )
            ),
            _secret("api-trust", NAMESPACE, {"ca.crt": ours}),
            _secret("trust", LONGER_NAMESPACE, {"ca.crt": partner}),
        ]


def _twin(folder: Path) -> Identity:
    """A client of an authority with the name of `clients`; without an authority key identifier."""
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-config", "/dev/null"]
    identifiers = ["-addext", "subjectKeyIdentifier=none", "-addext", "authorityKeyIdentifier=none"]
    signer: list[str | Path] = []
    for name, subject, purpose in (
        ("twins", "/O=Example/CN=Clients", "basicConstraints=critical,CA:TRUE"),
        ("twin", "/O=Example/CN=alice", "extendedKeyUsage=clientAuth"),
    ):
        files = Identity(folder / f"{name}.pem", folder / f"{name}.key")
        out: list[str | Path] = ["-out", files.certificate, "-keyout", files.key]
        command: list[str | Path] = [
            "openssl",
            "req",
            "-x509",
            *new,
            *identifiers,
            "-subj",
            subject,
            "-addext",
            purpose,
        ]
        command += [*signer, *out]
        subprocess.run(command, check=True, capture_output=True)
        signer = ["-CA", files.certificate, "-CAkey", files.key]
    return files


def _secret(name: str, namespace: str, content: Mapping[str, bytes]) -> Object:
    data = {key: base64.b64encode(value).decode() for key, value in content.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}


@contextmanager
def backends(run: Run) -> Iterator[dict[str, str]]:
    """Starts those that are not there yet: marker by name."""
    markers = {PROTECTED: the_backend(run).marker}
    running = []
    try:
        for name, script in ((OPEN, "echo.py"), (FASTCGI, "fastcgi.py")):
            markers[name] = secrets.token_hex(8)
            path = Path(controllers.__file__).with_name(script)
            command: list[str | Path] = [sys.executable, path, BACKEND_ADDRESS, str(PORTS[name]), markers[name]]
            running.append(Process(f"backend {name}", run.network.command(command), run.scratch / f"{name}.log"))
        yield markers
    finally:
        for process in running:
            process.stop()
