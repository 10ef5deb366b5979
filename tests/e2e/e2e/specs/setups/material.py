"""Authorities, who they sign, and what they revoked: made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..material import new_certificate

#: Who asks, and the certificates in the file that is shown, the client's own first. `high` is a root, `middle` is
#: below it and `low` below that; `other` is another root.
CLIENTS = {
    "carol": ("carol",),
    "alice": ("alice", "middle"),
    "alice-alone": ("alice",),
    "bob": ("bob", "low", "middle"),
    "revoked": ("revoked", "middle"),
    "expired": ("expired", "middle"),
    "other": ("partner",),
    "stranger": ("stranger",),
    "server": ("for-servers", "middle"),
}
#: What `ca.crt` may have.
BUNDLES = {
    "high": ("high",),
    "all": ("high", "middle", "low"),
    "middle": ("middle",),
    "two": ("high", "other"),
    "other": ("other",),
    "leaf": ("alice",),
    "leaf and root": ("high", "alice"),
}
#: What `ca.crl` may have.
LISTS = {
    "complete": ("high", "middle", "low"),
    "of both": ("high", "middle", "low", "other"),
    "of the middle": ("middle",),
    "of the root": ("high",),
    "an old one": ("high", "old middle", "low"),
    "of version 1": ("first high", "middle", "low"),
}

_SIGNED_BY = {
    "carol": "high",
    "alice": "middle",
    "bob": "low",
    "revoked": "middle",
    "expired": "middle",
    "partner": "other",
    "for-servers": "middle",
}
_CONFIGURATION = """\
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
default_crl_days = 200
crlnumber = number.txt
[any]
organizationName = optional
commonName = supplied
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[for-servers]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
"""


class Material:
    """A folder with all of them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        (folder / "openssl.cnf").write_text(_CONFIGURATION)
        (folder / "index.txt").touch()
        (folder / "number.txt").write_text("01\n")
        for name, issuer in (("high", None), ("other", None), ("middle", "high"), ("low", "middle")):
            self._authority(name, issuer)
        for name, issuer in _SIGNED_BY.items():
            self._client(name, issuer)
        self._new("stranger", "/O=Example/CN=alice", "CA:FALSE")
        self._new("server", "/CN=server", "CA:FALSE")
        self._revoke()
        for client, names in CLIENTS.items():
            self.certificate(client).write_text("".join(self._certificate(name).read_text() for name in names))

    def certificate(self, client: str) -> Path:
        """What a client of `CLIENTS` shows."""
        return self._folder / f"{client}.shown.pem"

    def key(self, client: str) -> Path:
        """The key that belongs to it."""
        return self._folder / f"{CLIENTS[client][0]}.key"

    def bundle(self, name: str) -> str:
        """The certificates of one of `BUNDLES`."""
        return "".join(self._certificate(each).read_text() for each in BUNDLES[name])

    def lists(self, name: str) -> str:
        """The lists of one of `LISTS`."""
        return "".join((self._folder / f"{each}.crl").read_text() for each in LISTS[name])

    def pair(self) -> dict[str, str]:
        """A server's certificate and key."""
        return {"tls.crt": self._certificate("server").read_text(), "tls.key": self._key("server").read_text()}

    def _certificate(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _authority(self, name: str, issuer: str | None) -> None:
        self._new(name, f"/O=Example/CN={name}", "CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", issuer=issuer)

    def _new(self, name: str, subject: str, constraint: str, *extensions: str, issuer: str | None = None) -> None:
        signer: list[str | Path] = ["-CA", self._certificate(issuer), "-CAkey", self._key(issuer)] if issuer else []
        new_certificate(
            self._certificate(name), self._key(name), subject,
            f"basicConstraints=critical,{constraint}", *extensions, issuer=signer,
        )  # fmt: skip

    def _client(self, name: str, issuer: str) -> None:
        # A partner's client has the name of ours: what counts is who signed it.
        subject = f"/O=Example/CN={'alice' if name == 'partner' else name}"
        request = self._folder / f"{name}.csr"
        self._openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "/dev/null",
            "-subj", subject, "-keyout", self._key(name), "-out", request,
        )  # fmt: skip
        years = ("2019", "2020") if name == "expired" else ("2020", "2049")
        self._ca(
            issuer, "-in", request, "-out", self._certificate(name), "-notext", "-preserveDN",
            "-startdate", f"{years[0]}0101000000Z", "-enddate", f"{years[1]}0101000000Z",
            "-extensions", name if name == "for-servers" else "client",
        )  # fmt: skip

    def _revoke(self) -> None:
        for name in ("high", "low", "other"):
            self._list(name, name)
        # A certificate is listed by its serial number: only the list of its issuer has it.
        self._ca("middle", "-revoke", self._certificate("revoked"))
        self._list("middle", "middle")
        # A list without a number is of version 1, which Go does not read.
        text = (self._folder / "openssl.cnf").read_text()
        (self._folder / "openssl-1.cnf").write_text(text.replace("crlnumber = number.txt\n", ""))
        self._list("high", "first high", configuration="openssl-1.cnf")
        self._list("middle", "old middle", "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z")

    def _list(self, issuer: str, name: str, *options: str, configuration: str = "openssl.cnf") -> None:
        self._ca(issuer, "-gencrl", "-out", self._folder / f"{name}.crl", *options, configuration=configuration)

    def _ca(self, issuer: str, *options: str | Path, configuration: str = "openssl.cnf") -> None:
        signer: list[str | Path] = ["-cert", self._certificate(issuer), "-keyfile", self._key(issuer)]
        self._openssl("ca", "-batch", "-config", configuration, *signer, *options)

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)
