"""Every question to the hosts of a spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..specs.doors import Doors
from ..specs.doors.words import ACME
from .ground import Ground
from .oracle import Oracle
from .policy import Client
from .rendered import Rendered

_SAFE = "/~!$&'()*+,;=:@%-._"


@dataclass(frozen=True)
class Question:
    """One request."""

    tls: bool
    sni: str | None
    #: The `Host` field.
    host: str
    #: As it is sent.
    target: str
    client: Client | None

    def renamed(self, old: str, new: str) -> Question:
        """The same of doors with another name."""
        sni = self.sni.replace(old, new) if self.sni else None
        return Question(self.tls, sni, self.host.replace(old, new), self.target.replace(old, new), self.client)

    def __str__(self) -> str:
        scheme = "https" if self.tls else "http"
        detour = f", SNI {self.sni}" if self.tls and self.sni != self.host else ""
        return f"{scheme}://{self.host}{self.target}{detour}, client {self.client.name if self.client else None}"


def questions(ground: Ground, found: Rendered, oracle: Oracle) -> list[Question]:
    """All of them."""
    return list(dict.fromkeys(_questions(ground, found, oracle)))


def connections(ground: Ground, found: Rendered, asked: list[Question]) -> list[tuple[dict[str, Any], list[Question]]]:
    """The questions by connection, as the program that asks wants them."""
    grouped: dict[tuple[bool, str | None, Client | None], list[Question]] = {}
    for each in asked:
        grouped.setdefault((each.tls, each.sni, each.client), []).append(each)
    return [(_connection(ground, found, *key, members), members) for key, members in grouped.items()]


def _connection(
    ground: Ground, found: Rendered, tls: bool, sni: str | None, client: Client | None, members: list[Question]
) -> dict[str, Any]:
    certificate, key = _files(ground, found, client) if client else (None, None)
    return {
        "tls": tls,
        **ground.door.place(tls),
        "sni": sni,
        "cert": certificate,
        "key": key,
        "asks": [[each.host, each.target] for each in members],
    }


def clients(found: Rendered) -> list[Client]:
    """All who may come: of every authority of the spec and of others', and strangers with their names."""
    table = found.doors.content["clients"]
    own = [Client(name, client["issuer"]) for name, client in table.items()]
    others = [Client(f"client-{name}", name) for name in "ABI"]
    strangers = [Client(f"stranger of {name}", None) for name in found.doors.content["cas"] if name != "partner"]
    return [*own, *others, *strangers]


def targets(doors: Doors, oracle: Oracle) -> list[str]:
    """What is asked for: each path, below it, beside it and with a slash; the root; a challenge of ACME."""
    made: dict[str, None] = {"/": None, "/elsewhere": None, f"{ACME}/x": None}
    for path in oracle.paths():
        bare = path.rstrip("/")
        made |= dict.fromkeys([path, f"{bare}/", f"{bare}/below", f"{bare}beside"])
    return [quote(each, safe=_SAFE) for each in made if each.startswith("/")]


def _questions(ground: Ground, found: Rendered, oracle: Oracle) -> Iterator[Question]:
    paths = targets(found.doors, oracle)
    known = clients(found)
    names = oracle.names()
    open_names = [name for name in names if oracle.is_open(name) and oracle.has_tls(name)]
    for name in names:
        for target in paths:
            yield Question(False, None, name, target, None)
            yield Question(True, name, name, target, None)
        for client in known:
            yield from (Question(True, name, name, target, client) for target in _some(oracle, name, client, paths))
        if oracle.is_protected(name):
            yield from _detours(oracle, name, names, open_names, paths, known)


def _some(oracle: Oracle, name: str, client: Client, paths: list[str]) -> list[str]:
    """All paths for those who may enter; the first few for others, whom the host refuses on every path."""
    verdicts = [each.admits(client) for each in oracle.policies(name)]
    return paths if verdicts and False not in verdicts and not oracle.is_open(name) else paths[:4]


def _detours(
    oracle: Oracle, name: str, names: list[str], open_names: list[str], paths: list[str], known: list[Client]
) -> Iterator[Question]:
    """Asks for a protected name by another one's handshake, by none, and by a whole URL."""
    for other in [*open_names[:2], None]:
        for target in paths:
            yield Question(True, other, name, target, None)
    for other in names:
        if oracle.is_protected(other) and other != name:
            fit = [each for each in known if all(one.admits(each) for one in oracle.policies(other))]
            for client in fit[:1]:
                yield from (Question(True, other, name, target, client) for target in paths[:6])
    for other in open_names[:1]:
        for target in paths[:6]:
            yield Question(True, other, name, f"https://{other}{target}", None)


def _files(ground: Ground, found: Rendered, client: Client) -> tuple[str, str]:
    if client.authority is None:
        name = client.name.removeprefix("stranger of ")
        project, holder = ground.strangers, f"clients/{name}-0"
    elif client.authority in ("A", "B", "I"):
        return str(ground.roots.certificate(client.name)), str(ground.roots.key(client.name))
    else:
        project, holder = found.project, f"clients/{client.name}"
    return str(project.certificate(holder)), str(project.key(holder))
