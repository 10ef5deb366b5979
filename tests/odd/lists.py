"""Revocation lists, each odd in one way, of an authority that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import der
from odd import PSS, UUID, Odd
from workshop import Extensions, Workshop

_IDENTIFIED: Extensions = {"authorityKeyIdentifier": "keyid"}
_TRUE = b"\xff"


@dataclass(frozen=True)
class OddList:
    """A list and what is odd about it."""

    name: str
    #: None: of version 1.
    extensions: Extensions | None = field(default_factory=lambda: _IDENTIFIED)
    #: Of the authority, over what it has.
    root: Extensions = field(default_factory=dict)
    key: str = "P-256"
    digest: str = "sha256"
    options: tuple[str, ...] = ()
    between: tuple[str, str] | None = None
    change: Callable[[Workshop, str, str], None] | None = None
    #: Another list in the same file, before it: from when to when, and what is done to it.
    beside: tuple[str, str] | None = None
    beside_change: Callable[[Workshop, str, str], None] | None = None

    def make(self, workshop: Workshop) -> list[str]:
        """Makes authority, client and list."""
        plain = Odd(self.name, self.root, key=self.key, **(_UNHASHED if self.key.startswith("Ed") else {}))
        bundle = plain.make(workshop)
        key = workshop.key(self.key)
        digest, options = "null" if self.key.startswith("Ed") else self.digest, self.options
        issuer = (self.name, key)
        workshop.revocation_list(
            self.name, issuer, self.extensions, digest=digest, options=options, between=self.between
        )
        if self.change:
            self.change(workshop, self.name, key)
        if self.beside:
            other = f"{self.name}-beside"
            workshop.revocation_list(other, issuer, self.extensions, between=self.beside)
            if self.beside_change:
                self.beside_change(workshop, other, key)
            workshop.path(f"{self.name}.crl").write_text(
                "".join(workshop.path(f"{one}.crl").read_text() for one in (other, self.name))
            )
        return bundle


_UNHASHED = {"digest": None, "client_digest": None}


def _point(*content: bytes, critical: bool) -> Extensions:
    words = "critical," if critical else ""
    return {**_IDENTIFIED, "2.5.29.28": f"{words}DER:{der.sequence(*content).hex()}"}


def _tbs(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Workshop, str, str], None]:
    return lambda workshop, name, key: workshop.change_list(name, change, key)


def _without_end(parts: list[bytes]) -> list[bytes]:
    return [*parts[:4], *parts[5:]]


def _by_another_issuer(parts: list[bytes]) -> list[bytes]:
    return [*parts[:2], der.name("another issuer"), *parts[3:]]


def _revoking(serial: bytes, *extensions: bytes) -> Callable[[list[bytes]], list[bytes]]:
    entry = [der.element(0x02, serial), der.element(0x17, b"250101000000Z")]
    entry += [der.sequence(*extensions)] if extensions else []
    return lambda parts: [*parts[:5], der.sequence(der.sequence(*entry)), *parts[5:]]


def _extension(identifier: str, value: bytes) -> bytes:
    """A critical one."""
    return der.sequence(bytes.fromhex(identifier), bytes.fromhex("0101ff"), der.element(0x04, value))


def _by_another_name(name: bytes) -> Callable[[Workshop, str, str], None]:
    return _tbs(lambda parts: [*parts[:2], name, *parts[3:]])


def _other_algorithm(parts: list[bytes]) -> list[bytes]:
    """ECDSA with SHA-384 in what is signed with SHA-256."""
    return [parts[0], der.sequence(bytes.fromhex("06082a8648ce3d040303")), *parts[2:]]


def _minutes(parts: list[bytes]) -> list[bytes]:
    """Times without seconds."""
    return [*parts[:3], der.element(0x17, b"2501010000Z"), der.element(0x17, b"3501010000Z"), *parts[5:]]


def _by_another_key(workshop: Workshop, name: str, _key: str) -> None:
    workshop.change_list(name, lambda parts: parts, workshop.key("P-256", "another"))


_UNKNOWN = _extension("06032a0304", b"\x05\x00")
_MALFORMED = der.sequence(bytes.fromhex("0603551d15"), der.element(0x04, b"\x05\x00"))
_HOLD = der.sequence(bytes.fromhex("0603551d15"), der.element(0x04, b"\x0a\x01\x06"))
_REASON = _extension("0603551d15", b"\x0a\x01\x01")
_OWNER = _extension("0603551d1d", der.sequence(der.element(0xA4, der.name("another issuer"))))

_PAST = ("20200101000000Z", "20210101000000Z")


def _number_malformed(parts: list[bytes]) -> list[bytes]:
    number = der.sequence(bytes.fromhex("0603551d14"), der.element(0x04, b"\x05\x00"))
    return [*parts[:-1], der.element(0xA0, der.sequence(number))]


LISTS = (
    OddList("list-plain"),
    OddList("list-version-1", None),
    OddList("list-without-end", change=_tbs(_without_end)),
    OddList("list-over", between=_PAST),
    OddList("list-early", between=("20400101000000Z", "20410101000000Z")),
    OddList("list-usage-without-lists", root={"keyUsage": "critical,keyCertSign"}),
    OddList("list-usage-none", root={"keyUsage": None}),
    OddList("list-of-another-issuer", change=_tbs(_by_another_issuer)),
    OddList("list-aki-of-another-key", {"2.5.29.35": "DER:30068004deadbeef"}),
    OddList("list-aki-of-another-serial", {"2.5.29.35": "DER:" + der.sequence(der.element(0x82, b"\x05")).hex()}),
    OddList("list-aki-none", {"2.5.29.20": "DER:020105"}),
    OddList("list-critical-unknown", {**_IDENTIFIED, "1.2.3.4": "critical,DER:0500"}),
    OddList("list-critical-number", {**_IDENTIFIED, "2.5.29.20": "critical,DER:020105"}),
    OddList("list-critical-aki", {"authorityKeyIdentifier": None, "2.5.29.35": "critical,DER:3000"}),
    OddList("list-of-leaves", _point(der.element(0x81, _TRUE), critical=True)),
    OddList("list-of-leaves-not-critical", _point(der.element(0x81, _TRUE), critical=False)),
    OddList("list-of-authorities-not-critical", _point(der.element(0x82, _TRUE), critical=False)),
    OddList("list-of-reasons-not-critical", _point(der.element(0x83, b"\x06\x40"), critical=False)),
    OddList("list-indirect-not-critical", _point(der.element(0x84, _TRUE), critical=False)),
    OddList("list-scope-empty", _point(critical=True)),
    OddList("list-delta", {**_IDENTIFIED, "2.5.29.20": "DER:020105", "2.5.29.27": "critical,DER:020101"}),
    OddList("list-delta-not-critical", {**_IDENTIFIED, "2.5.29.20": "DER:020105", "2.5.29.27": "DER:020101"}),
    OddList("list-entry-critical-unknown", change=_tbs(_revoking(b"\x05", _UNKNOWN))),
    OddList("list-entry-critical-reason", change=_tbs(_revoking(b"\x05", _REASON))),
    OddList("list-entry-of-another-issuer", change=_tbs(_revoking(b"\x05", _OWNER))),
    OddList("list-entry-below-zero", change=_tbs(_revoking(b"\xff"))),
    OddList("list-signature-spoiled", change=lambda workshop, name, _: workshop.spoil_list(name)),
    OddList("list-signature-of-another-key", change=_by_another_key),
    OddList("list-rsa-pss", key="RSA", options=PSS),
    OddList("list-rsa-pss-sha1", key="RSA", digest="sha1", options=PSS),
    OddList("list-rsa-md5", key="RSA", digest="md5"),
    OddList("list-rsa-sha512-256", key="RSA", digest="sha512-256"),
    OddList("list-ecdsa-sha1", digest="sha1"),
    OddList("list-ecdsa-sha224", digest="sha224"),
    OddList("list-brainpool", key="brainpool"),
    OddList("list-ed25519", key="Ed25519"),
    OddList("list-ed448", key="Ed448"),
    OddList("list-aki-malformed", {"2.5.29.35": "DER:0500"}),
    OddList("list-number-malformed", {**_IDENTIFIED, "2.5.29.20": "DER:0500"}),
    OddList("list-number-below-zero", {**_IDENTIFIED, "2.5.29.20": "DER:0201ff"}),
    OddList("list-issuer-name-malformed", {**_IDENTIFIED, "2.5.29.18": "DER:0500"}),
    OddList("list-freshest-malformed", {**_IDENTIFIED, "2.5.29.46": "DER:0500"}),
    OddList("list-extension-of-uuid", {**_IDENTIFIED, UUID: "DER:0500"}),
    OddList("list-entry-malformed-reason", change=_tbs(_revoking(b"\x05", _MALFORMED))),
    OddList("list-entry-on-hold", change=_tbs(_revoking(b"\x05", _HOLD))),
    OddList("list-algorithms-differ", change=_tbs(_other_algorithm)),
    OddList("list-time-without-seconds", change=_tbs(_minutes)),
    OddList("list-name-in-other-case", change=_by_another_name(der.name(" LIST-name-in-OTHER-case"))),
    OddList("list-name-of-other-type", change=_by_another_name(der.name_of(0x13, b"list-name-of-other-type"))),
    OddList("list-name-printable-at", change=_by_another_name(der.name_of(0x13, b"list@name"))),
    OddList("list-beside-one-over", beside=_PAST),
    OddList("list-beside-one-early", beside=("20400101000000Z", "20410101000000Z")),
    OddList("list-over-beside-one-over", between=_PAST, beside=_PAST),
    OddList("list-beside-one-malformed", beside=_PAST, beside_change=_tbs(_number_malformed)),
)
