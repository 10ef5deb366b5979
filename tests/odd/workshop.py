"""A folder in which openssl makes keys, certificates and revocation lists, each odd in one way."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import der

Extensions = Mapping[str, "str | None"]

AUTHORITY: dict[str, str | None] = {
    "basicConstraints": "critical,CA:TRUE",
    "keyUsage": "critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
}
CLIENT: dict[str, str | None] = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "clientAuth",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
}
#: For `-pkeyopt`; `P-256` where nothing is said.
KEYS = {
    "P-256": ("EC", "ec_paramgen_curve:P-256"),
    "P-384": ("EC", "ec_paramgen_curve:P-384"),
    "P-521": ("EC", "ec_paramgen_curve:P-521"),
    "P-192": ("EC", "ec_paramgen_curve:prime192v1"),
    "secp256k1": ("EC", "ec_paramgen_curve:secp256k1"),
    "brainpool": ("EC", "ec_paramgen_curve:brainpoolP256r1"),
    "explicit": ("EC", "ec_paramgen_curve:P-256", "ec_param_enc:explicit"),
    "RSA": ("RSA", "rsa_keygen_bits:2048"),
    "RSA 1024": ("RSA", "rsa_keygen_bits:1024"),
    # The public exponents 2^33 + 7 and 2^64 + 13.
    "RSA long exponent": ("RSA", "rsa_keygen_bits:2048", "rsa_keygen_pubexp:8589934599"),
    "RSA longest exponent": ("RSA", "rsa_keygen_bits:2048", "rsa_keygen_pubexp:18446744073709551629"),
    "RSA-PSS": ("RSA-PSS", "rsa_keygen_bits:2048"),
    "Ed25519": ("ED25519",),
    "Ed448": ("ED448",),
}


class Workshop:
    """Where everything is made; a name is that of its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def openssl(self, *arguments: str) -> bytes:
        """Runs openssl."""
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout

    def path(self, name: str) -> Path:
        """A file."""
        return self.folder / name

    def key(self, kind: str = "P-256", name: str | None = None) -> str:
        """Makes a key; the same one for all who ask without a name."""
        file = f"{name or 'shared'}-{kind.replace(' ', '-')}.key"
        if not self.path(file).exists():
            algorithm, *options = KEYS[kind]
            chosen = [word for option in options for word in ("-pkeyopt", option)]
            self.openssl("genpkey", "-algorithm", algorithm, *chosen, "-out", file)
            self.path(file).chmod(0o600)
        return file

    def certificate(  # noqa: PLR0913
        self,
        name: str,
        subject: str,
        extensions: Extensions,
        *,
        key: str,
        issuer: tuple[str, str] | None = None,
        digest: str | None = "sha256",
        options: tuple[str, ...] = (),
        serial: str | None = None,
    ) -> str:
        """Makes `name.pem`; `issuer` is the name and the key file of who signs it."""
        lines = [f"{key} = {value}" for key, value in extensions.items() if value is not None]
        text = f"[req]\ndistinguished_name = d\nprompt = no\nstring_mask = utf8only\n[d]\nCN = {subject}\n[e]\n"
        self.path(f"{name}.cnf").write_text(text + "\n".join(lines) + "\n")
        arguments = ["req", "-x509", "-new", "-key", key, "-config", f"{name}.cnf", "-extensions", "e"]
        arguments += ["-days", "3650", "-out", f"{name}.pem"]
        arguments += [f"-{digest}"] if digest else []
        arguments += ["-set_serial", serial] if serial else []
        arguments += ["-CA", f"{issuer[0]}.pem", "-CAkey", issuer[1]] if issuer else []
        arguments += [word for option in options for word in ("-sigopt", option)]
        self.openssl(*arguments)
        return name

    def change_certificate(self, name: str, change: Callable[[list[bytes]], list[bytes]], key: str) -> None:
        """Changes the parts of the TBSCertificate, and signs it again with that key."""
        whole = der.inside(self.openssl("x509", "-in", f"{name}.pem", "-outform", "DER"))
        contents = der.sequence(*change(der.inside(whole[0])))
        self._write(name, "pem", "CERTIFICATE", [contents, whole[1], self._signed(contents, key)])

    def spoil_certificate(self, name: str) -> None:
        """Changes the last octet of the signature."""
        octets = bytearray(self.openssl("x509", "-in", f"{name}.pem", "-outform", "DER"))
        octets[-1] ^= 1
        self._pem(name, "pem", "CERTIFICATE", bytes(octets))

    def revocation_list(  # noqa: PLR0913
        self,
        name: str,
        issuer: tuple[str, str],
        extensions: Extensions | None,
        *,
        digest: str = "sha256",
        options: tuple[str, ...] = (),
        between: tuple[str, str] | None = None,
    ) -> None:
        """Makes `name.crl`; without `extensions` (None) of version 1."""
        self.path(f"{name}.index").write_text("")
        lines = [f"{key} = {value}" for key, value in (extensions or {}).items() if value is not None]
        chosen = "" if extensions is None else "crl_extensions = e\n"
        text = f"[ca]\ndefault_ca = d\n[d]\ndatabase = {name}.index\ndefault_md = {digest}\ndefault_crl_days = 3650\n"
        self.path(f"{name}-list.cnf").write_text(text + chosen + "[e]\n" + "\n".join(lines) + "\n")
        arguments = ["ca", "-gencrl", "-config", f"{name}-list.cnf", "-out", f"{name}.crl"]
        arguments += ["-cert", f"{issuer[0]}.pem", "-keyfile", issuer[1]]
        arguments += ["-crl_lastupdate", between[0], "-crl_nextupdate", between[1]] if between else []
        arguments += [word for option in options for word in ("-sigopt", option)]
        self.openssl(*arguments)

    def change_list(self, name: str, change: Callable[[list[bytes]], list[bytes]], key: str) -> None:
        """Changes the parts of the TBSCertList, and signs it again with that key."""
        whole = der.inside(self.openssl("crl", "-in", f"{name}.crl", "-outform", "DER"))
        contents = der.sequence(*change(der.inside(whole[0])))
        self._write(name, "crl", "X509 CRL", [contents, whole[1], self._signed(contents, key)])

    def spoil_list(self, name: str) -> None:
        """Changes the last octet of the signature."""
        octets = bytearray(self.openssl("crl", "-in", f"{name}.crl", "-outform", "DER"))
        octets[-1] ^= 1
        self._pem(name, "crl", "X509 CRL", bytes(octets))

    def _signed(self, contents: bytes, key: str) -> bytes:
        self.path("contents").write_bytes(contents)
        return der.element(0x03, b"\0", self.openssl("dgst", "-sha256", "-sign", key, "contents"))

    def _write(self, name: str, ending: str, label: str, parts: list[bytes]) -> None:
        self._pem(name, ending, label, der.sequence(*parts))

    def _pem(self, name: str, ending: str, label: str, octets: bytes) -> None:
        body = base64.encodebytes(octets).decode()
        self.path(f"{name}.{ending}").write_text(f"-----BEGIN {label}-----\n{body}-----END {label}-----\n")
