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
    #: Done to the intermediate as to the root.
    between_change: Callable[[Workshop, str, str], None] | None = None

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
            if self.between_change:
                self.between_change(workshop, middle, key)
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


def _subject(name: bytes) -> Callable[[Workshop, str, str], None]:
    """A root of that name."""
    return _tbs(lambda parts: [*parts[:3], name, parts[4], name, *parts[6:]])


def _issuer(name: bytes) -> Callable[[Workshop, str, str], None]:
    return _tbs(lambda parts: [*parts[:3], name, *parts[4:]])


def _without_null(parts: list[bytes]) -> list[bytes]:
    """An RSA key whose algorithm has no parameters."""
    algorithm, key = der.inside(parts[6])
    return [*parts[:6], der.sequence(der.sequence(der.inside(algorithm)[0]), key), *parts[7:]]


def _compressed(parts: list[bytes]) -> list[bytes]:
    """The point of the key by its first coordinate alone."""
    algorithm, key = der.inside(parts[6])
    point = key[3:]
    compressed = bytes([2 | point[-1] & 1]) + point[1:33]
    return [*parts[:6], der.sequence(algorithm, der.element(0x03, b"\0", compressed)), *parts[7:]]


def _malformed(identifier: str) -> Callable[[Workshop, str, str], None]:
    """An extension whose value is a NULL; openssl would add one of its own to what has none."""
    octets = bytes.fromhex(identifier)

    def change(parts: list[bytes]) -> list[bytes]:
        extensions = der.inside(der.inside(parts[-1])[0])
        changed = [der.sequence(octets, der.element(0x04, b"\x05\x00")) if octets in one else one for one in extensions]
        return [*parts[:-1], der.element(0xA3, der.sequence(*changed))]

    return _tbs(change)


def _other_algorithm(parts: list[bytes]) -> list[bytes]:
    """ECDSA with SHA-384 in what is signed with SHA-256."""
    return [*parts[:2], der.sequence(bytes.fromhex("06082a8648ce3d040303")), *parts[3:]]


def _minutes(parts: list[bytes]) -> list[bytes]:
    """Times without seconds."""
    return [*parts[:4], der.sequence(*(der.element(0x17, time) for time in (b"2501010000Z", b"3501010000Z"))), *parts[5:]]


def _offset(parts: list[bytes]) -> list[bytes]:
    times = (b"250101000000+0000", b"350101000000+0000")
    return [*parts[:4], der.sequence(*(der.element(0x17, time) for time in times)), *parts[5:]]


def _raw(identifier: str, *content: bytes) -> Extensions:
    """An extension of a SEQUENCE with this content."""
    return {identifier: f"DER:{der.sequence(*content).hex()}"}


def _null(identifier: str) -> Extensions:
    """An extension that is malformed: NULL."""
    return {identifier: "DER:0500"}


def _san(tag: int, value: bytes) -> Extensions:
    return _raw("2.5.29.17", der.element(tag, value))


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

def _excluding(common_name: str) -> str:
    """A subtree, and the section that it needs behind it."""
    return f"excluded;dirName:section\n[section]\nCN = {common_name}"


#: 2.25 and a UUID.
UUID = "2.25.329800735698586629295641978511506172918"
_POLICY = der.sequence(bytes.fromhex("06032a0304"))
#: A section of its own follows.
_DIRECTORY = "dirName:section\n[section]\nO = Example"

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
    Odd("serial-below-zero", serial="-5"),
    Odd("san-uri-empty-label", {"subjectAltName": "URI:http://a..b/"}),
    Odd("san-uri-bracket", {"subjectAltName": "URI:http://[x"}),
    Odd("san-uri-port", {"subjectAltName": "URI:http://a.example:b/"}),
    Odd("san-uri-space", {"subjectAltName": "URI:http://a b/"}),
    Odd("san-uri-escape", {"subjectAltName": "URI:http://a.example/%zz"}),
    Odd("san-uri-address", {"subjectAltName": "URI:http://[2001:db8::1]:443/"}),
    Odd("san-uri-opaque", {"subjectAltName": "URI:urn:a..b"}),
    Odd("san-uri-relative", {"subjectAltName": "URI:a:b..c//d"}),
    Odd("san-uri-not-ascii", _san(0x86, b"http://\xff/")),
    Odd("san-dns-not-ascii", _san(0x82, b"\xff.example")),
    Odd("san-dns-utf8", _san(0x82, "ä.example".encode())),
    Odd("san-dns-empty-label", _san(0x82, b"a..b")),
    Odd("san-email-not-ascii", _san(0x81, "ä@a.example".encode())),
    Odd("san-address-of-five", _san(0x87, b"\x01\x02\x03\x04\x05")),
    Odd("san-other-name", {"subjectAltName": "otherName:1.2.3.4;UTF8:x"}),
    Odd("san-empty", _raw("2.5.29.17")),
    Odd("san-malformed", _null("2.5.29.17")),
    Odd("issuer-name-malformed", _null("2.5.29.18")),
    Odd("issuer-name-empty-label", {"issuerAltName": "URI:http://a..b/"}),
    Odd("policies-twice", _raw("2.5.29.32", _POLICY, _POLICY)),
    Odd("policies-empty", _raw("2.5.29.32")),
    Odd("policies-malformed", _null("2.5.29.32")),
    Odd("policies-odd-qualifier", _raw("2.5.29.32", der.sequence(bytes.fromhex("06032a0304"), b"\x05\x00"))),
    Odd("policy-mappings-malformed", _null("2.5.29.33")),
    Odd("policy-mappings-empty", _raw("2.5.29.33")),
    Odd("policy-constraints-malformed", _null("2.5.29.36")),
    Odd("policy-constraints-below-zero", _raw("2.5.29.36", der.element(0x80, b"\xff"))),
    Odd("any-policy-malformed", _null("2.5.29.54")),
    Odd("names-dns-empty-label", {"nameConstraints": "permitted;DNS:a..b"}),
    Odd("names-dns-last-dot", {"nameConstraints": "excluded;DNS:a.example."}),
    Odd("names-dns-first-dot", {"nameConstraints": "permitted;DNS:.a.example"}),
    Odd("names-dns-not-ascii", _raw("2.5.29.30", der.element(0xA0, der.sequence(der.element(0x82, b"\xff"))))),
    Odd("names-address-gap", {"nameConstraints": "permitted;IP:10.0.0.0/255.0.255.0"}),
    Odd("names-address-of-five", _raw("2.5.29.30", der.element(0xA0, der.sequence(der.element(0x87, b"\x01\x02\x03\x04\x05"))))),
    Odd("names-email-space", {"nameConstraints": "permitted;email:a b@a.example"}),
    Odd("names-email-host", {"nameConstraints": "permitted;email:a..example"}),
    Odd("names-email-quoted", _raw("2.5.29.30", der.element(0xA0, der.sequence(der.element(0x81, b'"a b"@a.example'))))),
    Odd("names-uri-address", {"nameConstraints": "permitted;URI:10.0.0.1"}),
    Odd("names-uri-port", {"nameConstraints": "permitted;URI:a.example:443"}),
    Odd("names-none", _raw("2.5.29.30")),
    Odd("names-empty", _raw("2.5.29.30", der.element(0xA0))),
    Odd("names-malformed", _null("2.5.29.30")),
    Odd("names-of-ids", {"nameConstraints": "permitted;RID:1.2.3.4"}),
    Odd("key-id-malformed", change=_malformed("0603551d0e"), client=_NO_IDS),
    Odd("aki-malformed", {"authorityKeyIdentifier": "keyid:always"}, change=_malformed("0603551d23")),
    Odd("access-malformed", _null("1.3.6.1.5.5.7.1.1")),
    Odd("access-empty", _raw("1.3.6.1.5.5.7.1.1")),
    Odd("subject-access-malformed", _null("1.3.6.1.5.5.7.1.11")),
    Odd("lists-malformed", _null("2.5.29.31")),
    Odd("lists-empty", _raw("2.5.29.31")),
    Odd("lists-point-malformed", _raw("2.5.29.31", b"\x05\x00")),
    Odd("freshest-list-malformed", _null("2.5.29.46")),
    Odd("private-key-period-malformed", _null("2.5.29.16")),
    Odd("comment-malformed", _null("2.16.840.1.113730.1.13")),
    Odd("certificate-type-malformed", _null("2.16.840.1.113730.1.1")),
    Odd("timestamps-malformed", _null("1.3.6.1.4.1.11129.2.4.2")),
    Odd("addresses-malformed", _null("1.3.6.1.5.5.7.1.7")),
    Odd("systems-malformed", _null("1.3.6.1.5.5.7.1.8")),
    Odd("addresses", {"sbgp-ipAddrBlock": "IPv4:10.0.0.0/8,IPv6:inherit"}),
    Odd("addresses-range", {"sbgp-ipAddrBlock": "IPv4:10.0.0.1-10.0.0.9"}),
    Odd("systems", {"sbgp-autonomousSysNum": "AS:1-5,AS:9,RDI:inherit"}),
    Odd("usage-malformed", {"keyUsage": None, **_null("2.5.29.15")}),
    Odd("purpose-malformed", _null("2.5.29.37")),
    Odd("purpose-none", _raw("2.5.29.37")),
    Odd("purpose-of-uuid", {"extendedKeyUsage": f"clientAuth,{UUID}"}),
    Odd("extension-of-uuid", {UUID: "DER:0500"}),
    Odd("between-extension-of-uuid", between={UUID: "DER:0500"}),
    Odd("subject-printable-at", change=_subject(der.name_of(0x13, b"a@b_c"))),
    Odd("subject-printable-star", change=_subject(der.name_of(0x13, b"*.a & b"))),
    Odd("subject-latin", change=_subject(der.name_of(0x14, b"M\xfcller"))),
    Odd("subject-ia5-not-ascii", change=_subject(der.name_of(0x16, b"M\xfcller"))),
    Odd("subject-universal", change=_subject(der.name_of(0x1C, b"\0\0\0a"))),
    Odd("subject-bmp", change=_subject(der.name_of(0x1E, b"\0a"))),
    Odd("subject-numeric", change=_subject(der.name_of(0x12, b"12 3"))),
    Odd("subject-empty", change=_subject(der.sequence())),
    Odd("key-compressed", change=_tbs(_compressed)),
    Odd("key-rsa-without-null", key="RSA", change=_tbs(_without_null)),
    Odd("key-rsa-long-exponent", key="RSA long exponent"),
    Odd("key-rsa-longest-exponent", key="RSA longest exponent"),
    Odd("between-rsa-long-exponent", key="RSA long exponent", between={}),
    Odd("algorithms-differ", change=_tbs(_other_algorithm)),
    Odd("time-without-seconds", change=_tbs(_minutes)),
    Odd("time-with-offset", change=_tbs(_offset)),
    Odd("name-in-other-case", change=_issuer(der.name("NAME-in-other-CASE"))),
    Odd("name-of-other-type", change=_issuer(der.name_of(0x13, b"name-of-other-type"))),
    Odd("name-of-other-blanks", change=_issuer(der.name(" name-of-other-blanks  "))),
    Odd("aki-in-other-case", {"authorityKeyIdentifier": None, _KEY_ID: _names("AKI-in-other-case", b"\x05")}, serial="5"),
    Odd("between-name-in-other-case", between={}, between_change=_issuer(der.name("BETWEEN-name-in-other-case"))),
    Odd("between-name-of-other-type", between={}, between_change=_issuer(der.name_of(0x16, b"between-name-of-other-type "))),
    Odd("between-name-in-bmp", between={}, between_change=_issuer(der.name_of(0x1E, "between-name-in-bmp".encode("utf-16-be")))),
    Odd("between-aki-in-other-case", between={"authorityKeyIdentifier": None, _KEY_ID: _names("BETWEEN-aki-in-other-case", b"\x05")}, serial="5"),
    Odd("between-outside-directory", {"nameConstraints": f"permitted;{_DIRECTORY}"}, between={}),
    Odd("between-excluded-directory", {"nameConstraints": _excluding("between-excluded-directory-between")}, between={}),
    Odd("between-outside-dns", {"nameConstraints": "permitted;DNS:a.example"}, between={"subjectAltName": "DNS:b.example"}),
    Odd("between-inside-dns", {"nameConstraints": "permitted;DNS:a.example"}, between={"subjectAltName": "DNS:b.a.example"}),
    Odd("between-excluded-dns", {"nameConstraints": "excluded;DNS:a.example"}, between={"subjectAltName": "DNS:a.example"}),
    Odd("between-outside-email", {"nameConstraints": "permitted;email:a.example"}, between={"subjectAltName": "email:a@b.example"}),
    Odd("between-outside-address", {"nameConstraints": "permitted;IP:10.0.0.0/255.0.0.0"}, between={"subjectAltName": "IP:11.0.0.1"}),
    Odd("between-outside-uri", {"nameConstraints": "permitted;URI:a.example"}, between={"subjectAltName": "URI:http://b.example"}),
    Odd("between-uri-without-host", {"nameConstraints": "permitted;URI:a.example"}, between={"subjectAltName": "URI:urn:a"}),
    Odd("between-outside-ids", {"nameConstraints": "permitted;RID:1.2.3.4"}, between={"subjectAltName": "RID:1.2.3.4"}),
    Odd("between-other-name", {"nameConstraints": "permitted;otherName:1.2.3.4;UTF8:x"}, between={"subjectAltName": "otherName:1.2.3.4;UTF8:x"}),
    Odd("between-other-name-of-another-kind", {"nameConstraints": "permitted;otherName:1.2.3.4;UTF8:x"}, between={"subjectAltName": "otherName:1.2.3.5;UTF8:x"}),
    Odd("between-self-issued-outside", {"nameConstraints": _excluding("between-self-issued-outside")}, between={}, same_name=True),
    Odd("client-outside-directory", {"nameConstraints": f"permitted;{_DIRECTORY}"}),
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
