"""Roots and intermediates, each odd in one way, with a client below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import der
from workshop import AUTHORITY, CLIENT, Extensions, Workshop

PSS = ("rsa_padding_mode:pss", "rsa_pss_saltlen:digest")
_KEY_ID = "2.5.29.35"
#: A keyIdentifier of nobody's.
_STRANGE = "DER:30068004deadbeef"


def _names(issuer: str, serial: bytes) -> str:
    """An authorityKeyIdentifier of one certificate."""
    return "DER:" + der.sequence(der.element(0xA1, der.element(0xA4, der.name(issuer))), der.element(0x82, serial)).hex()


@dataclass(frozen=True)
class Odd:
    """An authority and what is odd about it."""

    name: str
    #: Over what an authority has; None takes an extension away.
    root: Extensions = field(default_factory=dict)
    key: str = "P-256"
    digest: str | None = "sha256"
    options: tuple[str, ...] = ()
    serial: str | None = None
    #: Done to the certificate afterwards: with the workshop, the certificate's name, its key's.
    change: Callable[[Workshop, str, str], None] | None = None
    #: The client's.
    client: Extensions = field(default_factory=dict)
    client_digest: str | None = "sha256"
    client_options: tuple[str, ...] = ()
    #: An intermediate between both, where there is one.
    between: Extensions | None = None
    between_digest: str = "sha256"
    between_key: str = "P-256"
    #: Whether the intermediate has the name of the root.
    same_name: bool = False

    def make(self, workshop: Workshop) -> list[str]:
        """Makes the certificates; the names of those in the bundle, lowest first."""
        name = self.name
        key = workshop.key(self.key)
        extensions = {**AUTHORITY, **self.root}
        options, serial = self.options, self.serial
        workshop.certificate(name, name, extensions, key=key, digest=self.digest, options=options, serial=serial)
        if self.change:
            self.change(workshop, name, key)
        bundle, issuer = [name], (name, key)
        if self.between is not None:
            below = workshop.key(self.between_key, "between")
            extensions = {**AUTHORITY, **self.between}
            middle, subject = f"{name}-between", name if self.same_name else f"{name}-between"
            workshop.certificate(middle, subject, extensions, key=below, issuer=issuer, digest=self.between_digest)
            bundle, issuer = [middle, name], (middle, below)
        workshop.certificate(
            f"{name}-client",
            "client",
            {**CLIENT, **self.client},
            key=workshop.key("P-256", "client"),
            issuer=issuer,
            digest=self.client_digest,
            options=self.client_options,
        )
        return bundle


def _tbs(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Workshop, str, str], None]:
    return lambda workshop, name, key: workshop.change_certificate(name, change, key)


def _by_another_key(workshop: Workshop, name: str, _key: str) -> None:
    workshop.change_certificate(name, lambda parts: parts, workshop.key("P-256", "another"))


def _twice(parts: list[bytes]) -> list[bytes]:
    extensions = der.inside(der.inside(parts[-1])[0])
    return [*parts[:-1], der.element(0xA3, der.sequence(*extensions, extensions[-1]))]


def _critical(name: str, value: str) -> Extensions:
    return {name: f"critical,{value}"}


_UNKNOWN = _critical("1.2.3.4", "DER:0500")
_ANY = {"extendedKeyUsage": "anyExtendedKeyUsage"}
_SERVERS = {"extendedKeyUsage": "serverAuth"}
_NO_IDS: Extensions = {"authorityKeyIdentifier": None}

_PROXIES: Extensions = {"proxyCertInfo": "language:id-ppl-anyLanguage,pathlen:3"}

AUTHORITIES = (
    Odd("plain"),
    Odd("aki-none", _NO_IDS),
    Odd("aki-of-another-key", {"authorityKeyIdentifier": None, _KEY_ID: _STRANGE}),
    Odd("aki-of-another-serial", {"authorityKeyIdentifier": None, _KEY_ID: _names("aki-of-another-serial", b"\x05")}),
    Odd("aki-of-another-issuer", {"authorityKeyIdentifier": None, _KEY_ID: _names("x", b"\x05")}, serial="5"),
    Odd("aki-with-its-own-serial", {"authorityKeyIdentifier": "keyid:always,issuer:always"}),
    Odd("critical-unknown", _UNKNOWN),
    Odd("critical-subject-key-id", {"subjectKeyIdentifier": "critical,hash"}),
    Odd("critical-issuer-name", _critical("issuerAltName", "DNS:a.example")),
    Odd("critical-authority-access", _critical("authorityInfoAccess", "OCSP;URI:http://a.example")),
    Odd("critical-subject-access", _critical("subjectInfoAccess", "caRepository;URI:http://a.example")),
    Odd("critical-private-key-period", _critical("2.5.29.16", "DER:3000")),
    Odd("critical-directory-attributes", _critical("2.5.29.9", "DER:3000")),
    Odd("critical-freshest-list", _critical("2.5.29.46", "DER:3000")),
    Odd("critical-tls-feature", _critical("tlsfeature", "status_request")),
    Odd("critical-comment", _critical("nsComment", "text")),
    Odd("critical-lists", _critical("crlDistributionPoints", "URI:http://a.example/b")),
    Odd("critical-policies", _critical("certificatePolicies", "1.2.3.4")),
    Odd("critical-policy-constraints", _critical("policyConstraints", "requireExplicitPolicy:0")),
    Odd("critical-any-policy", _critical("inhibitAnyPolicy", "0")),
    Odd("critical-addresses", _critical("sbgp-ipAddrBlock", "IPv4:inherit")),
    Odd("critical-no-check", _critical("noCheck", "ignored")),
    Odd("of-proxies", _PROXIES),
    Odd("between-of-proxies", between=_PROXIES),
    Odd("usage-without-certificates", {"keyUsage": "critical,digitalSignature,cRLSign"}),
    Odd("usage-of-nothing", {"keyUsage": None, **_critical("2.5.29.15", "DER:03020700")}),
    Odd("usage-none", {"keyUsage": None}),
    Odd("constraints-none", {"basicConstraints": None}),
    Odd("constraints-none-usage-none", {"basicConstraints": None, "keyUsage": None}),
    Odd("constraints-of-a-leaf", {"basicConstraints": "critical,CA:FALSE"}),
    Odd("constraints-below-zero", {"basicConstraints": None, **_critical("2.5.29.19", "DER:30060101ff0201ff")}),
    Odd("extension-twice", change=_tbs(_twice)),
    Odd("version-1-with-extensions", change=_tbs(lambda parts: parts[1:])),
    Odd("version-2-with-extensions", change=_tbs(lambda parts: [bytes.fromhex("a003020101"), *parts[1:]])),
    Odd("version-1", change=_tbs(lambda parts: parts[1:-1]), client=_NO_IDS),
    Odd("purpose-of-servers", _SERVERS),
    Odd("purpose-of-clients", {"extendedKeyUsage": "clientAuth"}),
    Odd("purpose-any", _ANY),
    Odd("purpose-any-and-clients", {"extendedKeyUsage": "anyExtendedKeyUsage,clientAuth"}),
    Odd("signature-spoiled", change=lambda workshop, name, _: workshop.spoil_certificate(name)),
    Odd("signature-of-another-key", change=_by_another_key),
    Odd("key-rsa-1024", key="RSA 1024"),
    Odd("key-p-192", key="P-192"),
    Odd("key-p-521", key="P-521"),
    Odd("key-secp256k1", key="secp256k1"),
    Odd("key-brainpool", key="brainpool"),
    Odd("key-curve-described", key="explicit"),
    Odd("key-ed25519", key="Ed25519", digest=None, client_digest=None),
    Odd("key-ed448", key="Ed448", digest=None, client_digest=None),
    Odd("key-rsa-pss", key="RSA-PSS"),
    Odd("rsa-pss", key="RSA", options=PSS, client_options=PSS),
    Odd("rsa-pss-longest-salt", key="RSA", options=(PSS[0], "rsa_pss_saltlen:max"), client_options=PSS),
    Odd("rsa-pss-without-salt", key="RSA", options=(PSS[0], "rsa_pss_saltlen:0"), client_options=PSS),
    Odd("rsa-pss-sha384", key="RSA", digest="sha384", options=PSS, client_options=PSS),
    Odd("rsa-pss-two-hashes", key="RSA", digest="sha512", options=(*PSS, "rsa_mgf1_md:sha256")),
    Odd("rsa-pss-sha1", key="RSA", digest="sha1", options=PSS),
    Odd("rsa-pss-sha224", key="RSA", digest="sha224", options=PSS),
    Odd("rsa-md5", key="RSA", digest="md5"),
    Odd("rsa-sha1", key="RSA", digest="sha1"),
    Odd("rsa-sha224", key="RSA", digest="sha224"),
    Odd("rsa-sha512-256", key="RSA", digest="sha512-256"),
    Odd("rsa-sha3", key="RSA", digest="sha3-256"),
    Odd("ecdsa-sha1", digest="sha1"),
    Odd("ecdsa-sha1-p-384", digest="sha1", key="P-384"),
    Odd("ecdsa-sha224", digest="sha224"),
    Odd("ecdsa-sha224-p-384", digest="sha224", key="P-384"),
    Odd("ecdsa-sha3", digest="sha3-256"),
    Odd("client-purpose-any", client=_ANY),
    Odd("client-aki-of-another-serial", client={**_NO_IDS, _KEY_ID: _names("client-aki-of-another-serial", b"\x05")}),
    Odd("between-plain", between={}),
    Odd("between-critical-unknown", between=_UNKNOWN),
    Odd("between-usage-without-certificates", between={"keyUsage": "critical,cRLSign"}),
    Odd("between-purpose-of-servers", between=_SERVERS),
    Odd("between-purpose-any", between=_ANY),
    Odd("between-constraints-none", between={"basicConstraints": None}),
    Odd("between-sha1", between={}, between_digest="sha1"),
    Odd("between-md5", key="RSA", between={}, between_digest="md5"),
    Odd("between-rsa-sha512-256", key="RSA", between={}, between_digest="sha512-256"),
    Odd("between-rsa-sha3", key="RSA", between={}, between_digest="sha3-256"),
    Odd("between-rsa-1024", between={}, between_key="RSA 1024"),
    Odd("between-below-brainpool", key="brainpool", between={}),
    Odd("between-with-serial", between={"authorityKeyIdentifier": "keyid:always,issuer:always"}),
    Odd("between-too-many", {"basicConstraints": "critical,CA:TRUE,pathlen:0"}, between={}),
    Odd("between-self-issued", {"basicConstraints": "critical,CA:TRUE,pathlen:0"}, between={}, same_name=True),
)
