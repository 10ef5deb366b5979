"""Who may get in, as the spec says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..specs.doors import Doors

Table = dict[str, Any]

OPEN_MODES = ("optional_no_ca", "off")


@dataclass(frozen=True)
class Client:
    """A client with a certificate."""

    name: str
    #: Key of the spec's authority, `A`, `B` or `I` for one of others', or None for a stranger.
    authority: str | None


@dataclass(frozen=True)
class Policy:
    """The client authentication of one entry of `hosts`."""

    #: `open` where clients show nothing; else the value of `verify`.
    mode: str
    #: Authorities whose clients get in.
    trusted: frozenset[str]
    #: Authorities of which the spec says nothing certain.
    unsure: frozenset[str]
    #: Names of clients, where only some may.
    allow: frozenset[str] | None

    def admits(self, client: Client | None) -> bool | None:
        """Whether the client gets in; None where the spec does not say."""
        if self.mode == "open" or self.mode in OPEN_MODES:
            # A stranger under the name of a trusted authority is refused, and the page says so.
            return None if self.mode == "optional_no_ca" and client else True
        if client is None:
            return self.mode == "optional"
        if client.authority is None:
            return False
        if client.authority in self.unsure:
            return None
        if client.authority not in self.trusted:
            return False
        return self.allow is None or client.name in self.allow


def policy(doors: Doors, entry: Table, warnings: str, reads_allow: bool) -> Policy:
    """What an entry says. What mtlsgen has named in its warnings is not certain."""
    auth = entry.get("clientAuth")
    if not auth:
        return Policy("open", frozenset(), frozenset(), None)
    trusted, unsure = _trust(doors, auth, warnings)
    allow = auth.get("allow")
    names = frozenset(allow) if allow is not None and reads_allow else None
    return Policy(auth.get("verify", "on"), frozenset(trusted), frozenset(unsure - trusted), names)


def existing_bundle(secret: str) -> str:
    """Which of the others' roots lies in a Secret that exists."""
    return "AB"[sum(map(ord, secret.partition("-")[2])) % 2]


def _trust(doors: Doors, auth: Table, warnings: str) -> tuple[set[str], set[str]]:
    if "cas" not in auth:
        return _below(existing_bundle(auth["secretName"])), set()
    trusted: set[str] = set()
    unsure: set[str] = set()
    for name in auth["cas"]:
        table = doors.content["cas"].get(name, {})
        if "certificate" in table:
            sure, perhaps = _of_file(table["certificate"].rpartition("/")[2].partition(".")[0], warnings)
            trusted |= sure
            unsure |= perhaps
        else:
            trusted |= {name, *(key for key, each in doors.content["cas"].items() if each.get("issuer") == name)}
    return trusted, unsure


def _of_file(letters: str, warnings: str) -> tuple[set[str], set[str]]:
    """All that is in a file; the issuer behind an intermediate is there as its issuer."""
    trusted = _below(letters)
    if letters.startswith("IA"):
        trusted -= {"A"}
    unsure = {"A"} if "I" in letters else set()
    if "partner" in warnings:
        first = _below(letters[0])
        return first, unsure | trusted
    return trusted, unsure - trusted


def _below(letters: str) -> set[str]:
    return {*letters, *("I" if "A" in letters else "")}
