"""Clients of witnesses, with the certificates that they show: made by openssl where they represent a class."""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..program import Project
from ..specs.material import new_certificate

#: A certificate and its key.
Shown = tuple[Path, Path]
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", re.DOTALL)
_AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
_EXTENSIONS = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n"


class Clients:
    """Who can be made: every client of an authority whose key is at hand."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._made: dict[str, Shown] = {}
        self._key = folder / "client.key"
        (folder / "client.cnf").write_text(_EXTENSIONS)
        key = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self._key]
        subprocess.run(key, check=True, capture_output=True)
        self._stranger = (folder / "stranger.pem", folder / "stranger.key")
        new_certificate(*self._stranger, "/CN=stranger", *_AUTHORITY)

    def of(self, client: Mapping[str, Any], project: Project) -> Shown | None:
        """What a client of a witness shows; None: nothing."""
        known = dict(_known(project))
        match client["class"]:
            case "nothing":
                return None
            case "named":
                return named(project, client["name"])
            case "bundle":
                _, certificate, key = known[client["certificate"]["fingerprintSHA256"]]
                return certificate, key
            case "stranger":
                return self._signed(self._stranger, client, "")
        _, *issuer = known[client["issuer"]["fingerprintSHA256"]]
        sends = [known[each["fingerprintSHA256"]][0] for each in client["sends"]]
        return self._signed((issuer[0], issuer[1]), client, "".join(sends))

    def below(self, issuer: Shown, subject: str, intermediates: int) -> Shown:
        """A client of that subject, with so many intermediates between it and an authority."""
        sends = ""
        for number in range(intermediates):
            name = hashlib.sha256(f"{issuer[0].read_text()} {number}".encode()).hexdigest()
            made = (self._folder / f"{name}.pem", self._folder / f"{name}.key")
            if not made[0].exists():
                signs: list[str | Path] = ["-CA", issuer[0], "-CAkey", issuer[1]]
                new_certificate(*made, f"/CN=intermediate {number}", *_AUTHORITY, issuer=signs)
            sends = made[0].read_text() + sends
            issuer = made
        return self._signed(issuer, {"subject": subject, "serialNumber": None}, sends)

    def _signed(self, issuer: Shown, client: Mapping[str, Any], sends: str) -> Shown:
        subject = _for_openssl(client["subject"])
        serial = client["serialNumber"]
        name = hashlib.sha256(f"{issuer[0].read_text()} {subject} {serial} {sends}".encode()).hexdigest()
        if name not in self._made:
            certificate = self._folder / f"{name}.pem"
            self._sign(certificate, issuer, subject, serial)
            certificate.write_text(certificate.read_text() + sends)
            self._made[name] = (certificate, self._key)
        return self._made[name]

    def _sign(self, certificate: Path, issuer: Shown, subject: str, serial: str | None) -> None:
        request = certificate.with_suffix(".csr")
        asks = ["-new", "-key", self._key, "-config", "/dev/null", "-subj", subject, "-out", request]
        number = ["-set_serial", f"0x{serial}"] if serial else []
        signs: list[str | Path] = [
            "-req", "-in", request, "-CA", issuer[0], "-CAkey", issuer[1], *number, "-days", "30",
            "-extfile", self._folder / "client.cnf", "-out", certificate,
        ]  # fmt: skip
        for command in (["openssl", "req", *asks], ["openssl", "x509", *signs]):
            subprocess.run(command, check=True, capture_output=True)


def named(project: Project, name: str) -> Shown:
    """A client of a spec."""
    return project.certificate(f"clients/{name}"), project.key(f"clients/{name}")


def fingerprint(file: Path) -> str:
    """SHA-256 of the first certificate of a file, in hexadecimal digits."""
    own = _PEM.findall(file.read_text())[0]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(own)).hexdigest()


def _known(project: Project) -> Iterator[tuple[str, tuple[str, Path, Path]]]:
    """The certificates of a store by their fingerprints, each as text, and with its file and key."""
    for file in (project.folder / "pki").glob("*/*/tls.crt"):
        own = _PEM.findall(file.read_text())[0]
        digest = fingerprint(file).upper()
        yield ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)), (own, file, file.with_suffix(".key"))


def _for_openssl(subject: str) -> str:
    """A subject of RFC 2253, whose last part is the first one, as `-subj` wants it."""
    parts = re.split(r"(?<!\\),", subject)
    return "".join(f"/{each.replace('/', chr(92) + '/')}" for each in reversed(parts))
