"""An authority that is odd in one way, and the ways to make it so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import der
from workshop import AUTHORITY, CLIENT, Extensions, Workshop

PSS = ("rsa_padding_mode:pss", "rsa_pss_saltlen:digest")
KEY_ID = "2.5.29.35"
#: A keyIdentifier of no authority.
STRANGE = "DER:30068004deadbeef"


def aki_of(issuer: str, serial: bytes) -> str:
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


def changed(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Workshop, str, str], None]:
    return lambda workshop, name, key: workshop.change_certificate(name, change, key)


def with_name(name: bytes) -> Callable[[Workshop, str, str], None]:
    """A root of that name."""
    return changed(lambda parts: [*parts[:3], name, parts[4], name, *parts[6:]])


def with_issuer(name: bytes) -> Callable[[Workshop, str, str], None]:
    return changed(lambda parts: [*parts[:3], name, *parts[4:]])


def without_null(parts: list[bytes]) -> list[bytes]:
    """An RSA key whose algorithm has no parameters."""
    algorithm, key = der.inside(parts[6])
    return [*parts[:6], der.sequence(der.sequence(der.inside(algorithm)[0]), key), *parts[7:]]


def compressed(parts: list[bytes]) -> list[bytes]:
    """The point of the key by its first coordinate alone."""
    algorithm, key = der.inside(parts[6])
    point = key[3:]
    compressed = bytes([2 | point[-1] & 1]) + point[1:33]
    return [*parts[:6], der.sequence(algorithm, der.element(0x03, b"\0", compressed)), *parts[7:]]


def malformed(identifier: str) -> Callable[[Workshop, str, str], None]:
    """An extension whose value is a NULL; openssl would add one of its own to what has none."""
    octets = bytes.fromhex(identifier)

    def change(parts: list[bytes]) -> list[bytes]:
        extensions = der.inside(der.inside(parts[-1])[0])
        changed = [der.sequence(octets, der.element(0x04, b"\x05\x00")) if octets in one else one for one in extensions]
        return [*parts[:-1], der.element(0xA3, der.sequence(*changed))]

    return changed(change)


def other_algorithm(parts: list[bytes]) -> list[bytes]:
    """ECDSA with SHA-384 in what is signed with SHA-256."""
    return [*parts[:2], der.sequence(bytes.fromhex("06082a8648ce3d040303")), *parts[3:]]


def minutes(parts: list[bytes]) -> list[bytes]:
    """Times without seconds."""
    times = (b"2501010000Z", b"3501010000Z")
    return [*parts[:4], der.sequence(*(der.element(0x17, time) for time in times)), *parts[5:]]


def offset(parts: list[bytes]) -> list[bytes]:
    times = (b"250101000000+0000", b"350101000000+0000")
    return [*parts[:4], der.sequence(*(der.element(0x17, time) for time in times)), *parts[5:]]


def raw(identifier: str, *content: bytes) -> Extensions:
    """An extension of a SEQUENCE with this content."""
    return {identifier: f"DER:{der.sequence(*content).hex()}"}


def null(identifier: str) -> Extensions:
    """An extension that is malformed: NULL."""
    return {identifier: "DER:0500"}


def san(tag: int, value: bytes) -> Extensions:
    return raw("2.5.29.17", der.element(tag, value))


def by_another_key(workshop: Workshop, name: str, _key: str) -> None:
    workshop.change_certificate(name, lambda parts: parts, workshop.key("P-256", "another"))


def twice(parts: list[bytes]) -> list[bytes]:
    extensions = der.inside(der.inside(parts[-1])[0])
    return [*parts[:-1], der.element(0xA3, der.sequence(*extensions, extensions[-1]))]


def critical(name: str, value: str) -> Extensions:
    return {name: f"critical,{value}"}


UNKNOWN = critical("1.2.3.4", "DER:0500")
ANY = {"extendedKeyUsage": "anyExtendedKeyUsage"}
SERVERS = {"extendedKeyUsage": "serverAuth"}
NO_IDS: Extensions = {"authorityKeyIdentifier": None}

def excluding(common_name: str) -> str:
    """A subtree, and the section that it needs behind it."""
    return f"excluded;dirName:section\n[section]\nCN = {common_name}"


#: 2.25 and a UUID.
UUID = "2.25.329800735698586629295641978511506172918"
POLICY = der.sequence(bytes.fromhex("06032a0304"))
#: A section of its own follows.
DIRECTORY = "dirName:section\n[section]\nO = Example"

PROXIES: Extensions = {"proxyCertInfo": "language:id-ppl-anyLanguage,pathlen:3"}
