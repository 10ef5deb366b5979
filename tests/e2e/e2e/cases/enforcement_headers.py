"""Enforcement: what the service learns about the client."""

from __future__ import annotations

import ssl
from urllib.parse import unquote

from ..enforcement.answers import COUNTERPARTS, NOTHING_SENT, Served, differing, header_values
from ..enforcement.scene import Door
from ..registry import case
from ..world import World

_CERTIFICATE = "ssl-client-cert"
_VERIFY = "ssl-client-verify"
_SUBJECT = "ssl-client-subject-dn"
_ISSUER = "ssl-client-issuer-dn"

_SUCCESS = {_VERIFY: "SUCCESS", _SUBJECT: "CN=alice,O=Example", _ISSUER: "CN=Clients,O=Example"}
_NONE: dict[str, str | None] = {_VERIFY: "NONE", _SUBJECT: None, _ISSUER: None, _CERTIFICATE: None}
_NOTHING: dict[str, str | None] = {_VERIFY: None, _SUBJECT: None, _ISSUER: None, _CERTIFICATE: None}

#: What a client sends that impersonates another.
_FORGED = {_VERIFY: "SUCCESS", _SUBJECT: "CN=root", _ISSUER: "CN=forger", _CERTIFICATE: "forged"}


@case("subject, issuer and verdict", COUNTERPARTS)
def distinguished_names(world: World) -> None:
    """In the words of RFC 2253; a host that asks for a certificate and was shown none gets NONE."""
    door = Door(world)
    door.expect(Served(_SUCCESS), "protected", "alice")
    door.expect(Served({_SUBJECT: r"CN=Doe\, Jane,O=Example"}), "protected", "doe")
    door.expect(Served({_SUBJECT: "CN=deep,O=Example", _ISSUER: "CN=chain-issuing"}), "chain", "deep")
    door.expect(Served(_SUCCESS), "optional", "alice")
    door.expect(Served(_NONE), "optional")
    door.expect(Served(_NONE), "off", "alice")
    door.expect(Served(_NOTHING), "open", "alice")


@case("the certificate arrives whole", COUNTERPARTS)
def certificate(world: World) -> None:
    """URL-encoded PEM of the client's own certificate, without its intermediates."""
    door = Door(world)
    for host, identity in (("protected", "alice"), ("chain", "deep"), ("two", "partner"), ("optional", "alice")):
        answer = door.expect(Served(), host, identity)
        (value,) = header_values(answer.json(), _CERTIFICATE)
        sent = door.scene.identities[identity].certificate.read_text()
        leaf = sent[: sent.index("-----END") + len("-----END CERTIFICATE-----")]
        assert ssl.PEM_cert_to_DER_cert(unquote(value)) == ssl.PEM_cert_to_DER_cert(leaf), (
            f"{identity} sent {leaf}, the backend saw {unquote(value)}"
        )


@case("passCertificateToUpstream = false", COUNTERPARTS)
def not_forwarded(world: World) -> None:
    """nginx keeps the certificate to itself; Traefik then says nothing at all about the client."""
    door = Door(world)
    answers = differing(Served({**_SUCCESS, _CERTIFICATE: None}), Served(_NOTHING))
    door.expect(answers[world.counterpart], "unforwarded", "alice")


@case("forged headers at a protected host", COUNTERPARTS)
def forged_at_protected(world: World) -> None:
    """They admit no client, and the controller's own values replace them."""
    door = Door(world)
    door.expect(NOTHING_SENT[world.counterpart], "protected", None, headers=_FORGED)
    answer = door.expect(Served(_SUCCESS), "protected", "alice", headers=_FORGED)
    _no_forgery(answer.body)


@case("forged headers at an optional host", COUNTERPARTS)
def forged_at_optional(world: World) -> None:
    """A client without a certificate is anonymous, whatever headers it sends."""
    door = Door(world)
    for host in ("optional", "optional-no-ca", "off"):
        _no_forgery(door.expect(Served(_NONE), host, None, headers=_FORGED).body)


@case("forged headers in capitals and with underscores", COUNTERPARTS)
def forged_in_other_words(world: World) -> None:
    """Names of headers have no case, and some services take underscores for dashes."""
    door = Door(world)
    for rename in (str.upper, lambda name: name.replace("-", "_")):
        headers = {rename(name): value for name, value in _FORGED.items()}
        _no_forgery(door.expect(Served(_NONE), "optional", None, headers=headers).body)


@case("forged headers where the certificate is not forwarded", COUNTERPARTS)
def forged_at_unforwarded(world: World) -> None:
    """A forged certificate reaches the service; with Traefik the forged verdict, subject and issuer too.
    That is why mtlsgen forwards it by default."""
    door = Door(world)
    door.expect(NOTHING_SENT[world.counterpart], "unforwarded", None, headers=_FORGED)
    alice = differing(Served({**_SUCCESS, _CERTIFICATE: "forged"}), Served(_FORGED))
    door.expect(alice[world.counterpart], "unforwarded", "alice", headers=_FORGED)
    nothing = differing(Served({**_NONE, _CERTIFICATE: "forged"}), Served(_FORGED))
    door.expect(nothing[world.counterpart], "optional-unforwarded", None, headers=_FORGED)


@case("forged headers at an open host", COUNTERPARTS)
def forged_at_open(world: World) -> None:
    """They pass unchanged there: a service behind an open host must not believe them."""
    Door(world).expect(Served(_FORGED), "open", None, headers=_FORGED)


@case("optional_no_ca: the verdict on a stranger", COUNTERPARTS)
def verdict_on_a_stranger(world: World) -> None:
    """Not SUCCESS: that is all a service can go by."""
    answer = Door(world).expect(Served(), "optional-no-ca", "stranger")
    (verdict,) = header_values(answer.json(), _VERIFY)
    assert verdict.startswith("FAILED:"), verdict


@case("optional_no_ca: the verdict on the right client", COUNTERPARTS)
def verdict_on_the_right_client(world: World) -> None:
    """Traefik judges these certificates as servers' certificates: a client's fails, and a server's, signed by
    the same authority, succeeds."""
    door = Door(world)
    verdict = _verdict(door, "alice")
    if world.counterpart == "traefik":
        assert verdict == "FAILED:x509: certificate specifies an incompatible key usage", verdict
        verdict = _verdict(door, "for servers only")
    assert verdict == "SUCCESS", verdict


def _verdict(door: Door, identity: str) -> str:
    (verdict,) = header_values(door.expect(Served(), "optional-no-ca", identity).json(), _VERIFY)
    return verdict


def _no_forgery(body: str) -> None:
    for value in ("forged", "CN=root", "CN=forger"):
        assert value not in body, f"the backend saw what the client forged: {body}"
