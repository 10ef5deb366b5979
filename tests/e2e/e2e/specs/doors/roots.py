"""Authorities of others with their clients, and PEM files that hold several of them in different orders."""

from __future__ import annotations

import subprocess
from pathlib import Path

#: What is in each file, in its order: A and B are roots, I is an intermediate below A.
FILES = ("A", "B", "AB", "BA", "IA", "AI", "IAB", "BIA", "ABI")


class Roots:
    """A folder with `A`, `B` and `I`, a client of each, the files of `FILES`, and a server's key pair."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        for name in "AB":
            self._certificate(name, f"/CN=Root {name}/O=Others", None, "CA:TRUE")
        self._certificate("I", "/CN=Intermediate/O=Others", "A", "CA:TRUE")
        for name in "ABI":
            self._certificate(f"client-{name}", f"/CN=client of {name}/O=Others", name, "CA:FALSE")
        for file in FILES:
            text = "".join((folder / f"{name}.crt").read_text() for name in file)
            (folder / f"{file}.pem").write_text(text)
        below = (folder / "client-I.crt").read_text() + (folder / "I.crt").read_text()
        (folder / "client-I.crt").write_text(below)
        self._certificate("server", "/CN=server", "A", "CA:FALSE")

    def file(self, name: str) -> Path:
        """The PEM file with these authorities."""
        return self.folder / f"{name}.pem"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _certificate(self, name: str, subject: str, issuer: str | None, constraint: str) -> None:
        signed = ["-CA", self.certificate(issuer), "-CAkey", self.key(issuer)] if issuer else []
        usage = "keyCertSign,cRLSign" if constraint == "CA:TRUE" else "digitalSignature"
        command: list[str | Path] = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "300", "-config", "/dev/null", "-subj", subject,
            "-out", self.certificate(name), "-keyout", self.key(name), *signed,
            "-addext", f"basicConstraints=critical,{constraint}", "-addext", f"keyUsage=critical,{usage}",
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
