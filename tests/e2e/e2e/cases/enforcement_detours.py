"""Enforcement: ways around the front door."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..ask import Answer, ask
from ..enforcement.answers import COUNTERPARTS, NOTHING_SENT, Answered, NoHandshake, Served, differing
from ..enforcement.identities import proof
from ..enforcement.scene import Door, every_host
from ..enforcement.spec import host_name
from ..registry import case
from ..world import World

_MISDIRECTED = Answered(421)


@case("plain HTTP is never served", COUNTERPARTS)
def plain_http(world: World) -> None:
    """It is redirected to HTTPS, also if the client says that it came by HTTPS. With a list of those who may,
    nginx refuses before it redirects; a host whose Secret cannot be read is closed on both ports."""
    door = Door(world)
    for host in every_host():
        for headers in ({}, {"X-Forwarded-Proto": "https"}):
            answer = _by_plain_http(door, world, host, headers)
            _plain(world.counterpart, host).check(answer, door.scene.marker)


def _plain(controller: str, host: str) -> Answered:
    redirected = Answered(308, f"Location: https://{host_name(host)}/path?query=1")
    exceptions = {
        ("ingress-nginx", "allowed"): Answered(403, "client certificate unauthorized"),
        ("ingress-nginx", "elsewhere"): Answered(403),
        ("traefik", "elsewhere"): Answered(404),
    }
    return exceptions.get((controller, host), redirected)


def _by_plain_http(door: Door, world: World, host: str, headers: dict[str, str]) -> Answer:
    url = f"http://{host_name(host)}/path?query=1"
    at = door.controller
    return at.answer(lambda: ask(world.network, url, at=at.http, headers=headers, flags=["--include"]))


@case("SNI of the open host, Host of the protected one", COUNTERPARTS)
def sni_of_the_open_host(world: World) -> None:
    """No certificate is requested in this handshake: the request is refused from every client."""
    door = Door(world)
    for name in (host_name("protected"), f"{host_name('protected')}:443", f"{host_name('protected')}."):
        for identity in (None, "alice"):
            door.expect(_MISDIRECTED, "open", identity, headers={"Host": name})


@case("SNI of another protected host, Host of the protected one", COUNTERPARTS)
def sni_of_another_protected_host(world: World) -> None:
    """Partner may come in at the host `two`, not at `protected`."""
    door = Door(world)
    for identity in ("partner", "alice"):
        door.expect(_MISDIRECTED, "two", identity, headers={"Host": host_name("protected")})
    # nginx asks for the Host's certificate after the handshake, Traefik refuses in the handshake.
    answers = differing(_MISDIRECTED, NoHandshake())
    door.expect(answers[world.counterpart], "two", None, headers={"Host": host_name("protected")})


@case("SNI of the optional host, Host of the protected one", COUNTERPARTS)
def sni_of_the_optional_host(world: World) -> None:
    """A handshake without a certificate is fine for the one, and must not open the other."""
    for identity in (None, "alice"):
        Door(world).expect(_MISDIRECTED, "optional", identity, headers={"Host": host_name("protected")})


@case("SNI of the protected host, Host of the open one", COUNTERPARTS)
def sni_of_the_protected_host(world: World) -> None:
    """Harmless: nginx serves the open host, Traefik wants both to be the same where their settings differ."""
    door = Door(world)
    headers = {"Host": host_name("open")}
    nothing = differing(Served(), NoHandshake())
    alice = differing(Served(), _MISDIRECTED)
    door.expect(nothing[world.counterpart], "protected", None, headers=headers)
    door.expect(alice[world.counterpart], "protected", "alice", headers=headers)


@case("no SNI", COUNTERPARTS)
def no_sni(world: World) -> None:
    """As an address is asked: no certificate is asked for, so that no client is admitted at the protected host."""
    door = Door(world)
    answers = differing(NOTHING_SENT["ingress-nginx"], _MISDIRECTED)
    for identity in (None, "alice"):
        answer = _by_address(door, world, "protected", identity)
        answers[world.counterpart].check(answer, door.scene.marker)
    Served().check(_by_address(door, world, "open", None), door.scene.marker)


def _by_address(door: Door, world: World, host: str, identity: str | None) -> Answer:
    shown = door.scene.identities[identity] if identity else None
    at, headers = door.controller, {"Host": host_name(host)}
    return at.answer(lambda: ask(world.network, f"https://{at.https}/", headers=headers, **proof(shown)))


@case("the name in capitals", COUNTERPARTS)
def capitals(world: World) -> None:
    """Names of hosts have no case."""
    door = Door(world)
    answer = _at_protected(door, world, f"https://{host_name('protected').upper()}/")
    NOTHING_SENT[world.counterpart].check(answer, door.scene.marker)


@case("a path below, and a path with dots", COUNTERPARTS)
def paths(world: World) -> None:
    """What is protected is the host, on every path."""
    door = Door(world)
    for path in ("deep/down", "deep/%2e%2e/", "deep;/../", "?query"):
        answer = _at_protected(door, world, f"https://{host_name('protected')}/{path}", "--path-as-is")
        NOTHING_SENT[world.counterpart].check(answer, door.scene.marker)


def _at_protected(door: Door, world: World, url: str, *flags: str) -> Answer:
    at, authority = door.controller, door.scene.authority
    return at.answer(lambda: ask(world.network, url, at=at.https, authority=authority, flags=flags))


@case("a session of another host, resumed", COUNTERPARTS)
def resumed_session(world: World) -> None:
    """Partner comes in at the host `two` and takes the session along to `protected` (CVE-2025-23419)."""
    door = Door(world)
    for version in ("-tls1_2", "-tls1_3"):
        session = world.scratch / f"session{version}"
        first = _in_session(door, world, "two", version, "-sess_out", session, *_proof(door, "partner"))
        assert door.scene.marker in first, f"partner is not served at `two`: {first}"
        same = _in_session(door, world, "two", version, "-sess_in", session)
        assert door.scene.marker in same, f"the session cannot be resumed at all: {same}"
        other = _in_session(door, world, "protected", version, "-sess_in", session)
        assert door.scene.marker not in other, f"partner got into `protected`: {other}"


def _proof(door: Door, identity: str) -> list[str | Path]:
    shown = door.scene.identities[identity]
    return ["-cert", shown.certificate, "-key", shown.key]


def _in_session(door: Door, world: World, host: str, *arguments: str | Path) -> str:
    """One request by openssl, which can keep sessions; the whole response, or nothing if there is none."""
    name = host_name(host)
    command = ["openssl", "s_client", "-quiet", "-connect", door.controller.https, "-servername", name, *arguments]
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    result = subprocess.run(world.network.command(command), input=request, capture_output=True, text=True, timeout=20)
    return result.stdout


@case("a Secret of another namespace", COUNTERPARTS)
def other_namespace(world: World) -> None:
    """Closed for every client where the controller does not read across namespaces, which is the default."""
    door = Door(world)
    answers = differing(Answered(403), Answered(404))
    for identity in (None, "alice", "stranger"):
        door.expect(answers[world.counterpart], "elsewhere", identity)
