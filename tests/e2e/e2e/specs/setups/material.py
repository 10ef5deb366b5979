"""Authorities, who they sign, and what they revoked: made by openssl."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
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
#: Who asks beside them where certificates are judged by what they say, and by their keys.
MORE_CLIENTS = {
    "dns": ("dns",),
    "wildcard": ("wildcard",),
    "uri": ("uri",),
    "mail": ("mail",),
    "address": ("address",),
    "rsa": ("rsa",),
    "p384": ("p384",),
    "p521": ("p521",),
    "ed25519": ("ed25519",),
    "signs": ("signs",),
    "agrees": ("agrees",),
    "enciphers": ("enciphers",),
    "no-purpose": ("no-purpose",),
    "any-purpose": ("any-purpose",),
    "both-purposes": ("both-purposes",),
    "code": ("code",),
    "critical": ("critical",),
    "early": ("early",),
    "authority": ("middle", "high"),
    "bob-without-low": ("bob", "middle"),
    "alice-with-all": ("alice", "middle", "high"),
    "alice-and-others": ("alice", "partner", "middle"),
    "below-late": ("below-late", "late"),
    "below-late-alone": ("below-late",),
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
#: `late` has expired.
MORE_BUNDLES = {
    "low": ("low",),
    "middle and low": ("middle", "low"),
    "late": ("late",),
    "late and root": ("late", "high"),
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

#: An old list before the new one, and behind it; and one that has an authority.
MORE_LISTS = {
    "of two": ("high", "middle"),
    "of the low": ("low",),
    "of the other": ("other",),
    "an old one first": ("old middle", "high", "middle", "low"),
    "an old one second": ("high", "old middle", "middle", "low"),
    "an old one last": ("high", "middle", "low", "old middle"),
    "of version 1 second": ("middle", "first high", "low"),
    "an old one alone": ("old middle",),
    "without the middle": ("high without middle", "middle", "low"),
    "without the middle alone": ("high without middle",),
}


@dataclass(frozen=True)
class _Leaf:
    """A certificate of a client's that says more, or has another key."""

    issuer: str = "high"
    #: Lines of openssl's section with the extensions.
    extensions: tuple[str, ...] = ("basicConstraints = critical,CA:FALSE", "extendedKeyUsage = clientAuth")
    #: Options of `openssl req` for its key.
    key: tuple[str, ...] = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    years: tuple[str, str] = ("2020", "2049")


def _saying(*lines: str) -> _Leaf:
    return _Leaf(extensions=("basicConstraints = critical,CA:FALSE", "extendedKeyUsage = clientAuth", *lines))


def _for(purposes: str | None) -> _Leaf:
    usage = (f"extendedKeyUsage = {purposes}",) if purposes else ()
    return _Leaf(extensions=("basicConstraints = critical,CA:FALSE", *usage))


_CURVE = ("ec", "-pkeyopt")
_MORE: Mapping[str, _Leaf] = {
    "dns": _saying("subjectAltName = DNS:alice.example"),
    "wildcard": _saying("subjectAltName = DNS:*.example, DNS:ZED.example"),
    "uri": _saying("subjectAltName = URI:spiffe://td/alice"),
    "mail": _saying("subjectAltName = email:alice@example"),
    "address": _saying("subjectAltName = IP:10.0.0.1, IP:2001:db8::1"),
    "rsa": _Leaf(key=("rsa:2048",)),
    "p384": _Leaf(key=(*_CURVE, "ec_paramgen_curve:P-384")),
    "p521": _Leaf(key=(*_CURVE, "ec_paramgen_curve:P-521")),
    "ed25519": _Leaf(key=("ed25519",)),
    "signs": _saying("keyUsage = critical,digitalSignature"),
    "agrees": _saying("keyUsage = critical,keyAgreement"),
    "enciphers": _saying("keyUsage = critical,keyEncipherment"),
    "no-purpose": _for(None),
    "any-purpose": _for("anyExtendedKeyUsage"),
    "both-purposes": _for("serverAuth,clientAuth"),
    "code": _for("codeSigning"),
    "critical": _saying("1.2.3.4 = critical,DER:0500"),
    "early": _Leaf(years=("2048", "2049")),
    "below-late": _Leaf(issuer="late"),
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
[authority-below]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
"""


class Material:
    """A folder with all of them."""

    def __init__(self, folder: Path, more: bool = False) -> None:
        """`more`: those of `MORE_CLIENTS` too, and what they need."""
        folder.mkdir(parents=True)
        self._folder = folder
        self.clients = CLIENTS | (MORE_CLIENTS if more else {})
        sections = [f"[{name}]\n" + "".join(f"{line}\n" for line in leaf.extensions) for name, leaf in _MORE.items()]
        (folder / "openssl.cnf").write_text(_CONFIGURATION + "".join(sections))
        (folder / "index.txt").touch()
        (folder / "number.txt").write_text("01\n")
        for name, issuer in (("high", None), ("other", None), ("middle", "high"), ("low", "middle")):
            self._authority(name, issuer)
        for name, issuer in _SIGNED_BY.items():
            self._client(name, issuer)
        self._new("stranger", "/O=Example/CN=alice", "CA:FALSE")
        self._new("server", "/CN=server", "CA:FALSE")
        if more:
            self._late()
            for name, leaf in _MORE.items():
                self._client(name, leaf.issuer, leaf)
        self._revoke(more)
        for client, names in self.clients.items():
            self.certificate(client).write_text("".join(self._certificate(name).read_text() for name in names))

    def certificate(self, client: str) -> Path:
        """What a client shows."""
        return self._folder / f"{client}.shown.pem"

    def key(self, client: str) -> Path:
        """The key that belongs to it."""
        return self._folder / f"{self.clients[client][0]}.key"

    def bundle(self, name: str) -> str:
        """The certificates of one of `BUNDLES`, or of `MORE_BUNDLES`."""
        return "".join(self._certificate(each).read_text() for each in (BUNDLES | MORE_BUNDLES)[name])

    def lists(self, name: str) -> str:
        """The lists of one of `LISTS`, or of `MORE_LISTS`."""
        return "".join((self._folder / f"{each}.crl").read_text() for each in (LISTS | MORE_LISTS)[name])

    def hashes(self, client: str) -> tuple[str, str]:
        """SHA-256 of a client's certificate, hexadecimal, and of its public key, base64."""
        certificate = self._certificate(self.clients[client][0])
        der = self._openssl("x509", "-in", certificate, "-outform", "DER")
        key = self._openssl("x509", "-in", certificate, "-noout", "-pubkey")
        spki = base64.b64decode("".join(key.decode().splitlines()[1:-1]))
        digest = hashlib.sha256(spki).digest()
        return hashlib.sha256(der).hexdigest(), base64.b64encode(digest).decode()

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

    def _late(self) -> None:
        """An authority below `high` that has expired."""
        request = self._folder / "late.csr"
        self._openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "/dev/null",
            "-subj", "/O=Example/CN=late", "-keyout", self._key("late"), "-out", request,
        )  # fmt: skip
        self._ca(
            "high", "-in", request, "-out", self._certificate("late"), "-notext", "-preserveDN",
            "-startdate", "20190101000000Z", "-enddate", "20200101000000Z", "-extensions", "authority-below",
        )  # fmt: skip

    def _client(self, name: str, issuer: str, leaf: _Leaf = _Leaf()) -> None:
        # A partner's client has the name of ours: what counts is who signed it.
        subject = f"/O=Example/CN={'alice' if name == 'partner' else name}"
        request = self._folder / f"{name}.csr"
        self._openssl(
            "req", "-new", "-newkey", *leaf.key, "-nodes", "-config", "/dev/null",
            "-subj", subject, "-keyout", self._key(name), "-out", request,
        )  # fmt: skip
        years = ("2019", "2020") if name == "expired" else leaf.years
        self._ca(
            issuer, "-in", request, "-out", self._certificate(name), "-notext", "-preserveDN",
            "-startdate", f"{years[0]}0101000000Z", "-enddate", f"{years[1]}0101000000Z",
            "-extensions", name if name in _MORE or name == "for-servers" else "client",
        )  # fmt: skip

    def _revoke(self, more: bool) -> None:
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
        if more:
            self._ca("high", "-revoke", self._certificate("middle"))
            self._list("high", "high without middle")

    def _list(self, issuer: str, name: str, *options: str, configuration: str = "openssl.cnf") -> None:
        self._ca(issuer, "-gencrl", "-out", self._folder / f"{name}.crl", *options, configuration=configuration)

    def _ca(self, issuer: str, *options: str | Path, configuration: str = "openssl.cnf") -> None:
        signer: list[str | Path] = ["-cert", self._certificate(issuer), "-keyfile", self._key(issuer)]
        self._openssl("ca", "-batch", "-config", configuration, *signer, *options)

    def _openssl(self, *arguments: str | Path) -> bytes:
        return subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True).stdout
