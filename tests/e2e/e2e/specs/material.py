"""Certificates of others, which specs supply: made once by openssl, used by many."""

from __future__ import annotations

import subprocess
from pathlib import Path

#: Domain that the supplied server certificate is good for, one label below it.
SUPPLIED_DOMAIN = "supplied.example.com"

_TEMPLATE = """\
{# A ConfigMap that lists the hosts. -#}
apiVersion: v1
kind: ConfigMap
metadata:
  name: hosts
  namespace: {{ hosts[0].namespace }}
data:
  number: "{{ hosts | length }}"
  first: {{ hosts[0].host }}
"""


class Material:
    """A folder with external authorities, a server certificate and a template."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.partner = self._authority(folder, "partner")[0]
        self.signing_certificate, self.signing_key = self._authority(folder, "signing")
        self.server_certificate, self.server_key = folder / "server.pem", folder / "server.key"
        self._server()
        self.templates = folder / "templates"
        self.templates.mkdir()
        (self.templates / "hosts.yaml.j2").write_text(_TEMPLATE)

    def _authority(self, folder: Path, name: str) -> tuple[Path, Path]:
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        new_certificate(
            certificate, key, f"/CN={name}/O=Others",
            "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        return certificate, key

    def _server(self) -> None:
        issuer: list[str | Path] = ["-CA", self.signing_certificate, "-CAkey", self.signing_key]
        new_certificate(
            self.server_certificate, self.server_key, f"/CN={SUPPLIED_DOMAIN}",
            f"subjectAltName=DNS:*.{SUPPLIED_DOMAIN}", "extendedKeyUsage=serverAuth",
            "basicConstraints=critical,CA:FALSE", issuer=issuer,
        )  # fmt: skip


def new_certificate(
    certificate: Path, key: Path, subject: str, *extensions: str, issuer: list[str | Path] | None = None
) -> None:
    """Makes a certificate and its key; `issuer` has openssl's options for who signs it."""
    command: list[str | Path] = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "300", "-config", "/dev/null", "-subj", subject, "-out", certificate, "-keyout", key,
        *(issuer or []),
    ]  # fmt: skip
    for extension in extensions:
        command += ["-addext", extension]
    subprocess.run(command, check=True, capture_output=True)
