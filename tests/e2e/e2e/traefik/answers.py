"""What Traefik answers at one place: a host and a path, asked by every client."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ask import Answer
from ..controllers import Backend, Controller
from ..enforcement.answers import NoHandshake
from ..enforcement.identities import Identity
from ..network import Network

#: Who asks; the second is a client of the authority `clients`, the third one of another authority.
ASKERS = ("nobody", "alice", "bob")

#: What each of them got: `refused` for no handshake, the status where Traefik answered, else whose Service it was.
Seen = tuple[str, ...]

#: The Services behind the first host of a set-up, and those behind what it meets.
FIRST, SECOND = "first", "second"

PROTECTED: Seen = ("refused", FIRST, "refused")
OPEN: Seen = (FIRST, FIRST, FIRST)
#: It trusts the other authority.
OTHERS: Seen = ("refused", "refused", FIRST)
NOT_FOUND: Seen = ("404", "404", "404")


def served_by(backend: str, seen: Seen) -> Seen:
    """The same, with another Service behind it."""
    return tuple(backend if each == FIRST else each for each in seen)


@dataclass(frozen=True)
class Place:
    """Where is asked."""

    host: str
    path: str = "/"
    #: By plain HTTP, where there is nothing to show.
    plain: bool = False

    def __str__(self) -> str:
        return f"{'http' if self.plain else 'https'}://{self.host}{self.path}"

    @property
    def askers(self) -> tuple[str, ...]:
        """Who asks here."""
        return ASKERS[:1] if self.plain else ASKERS


@dataclass(frozen=True)
class Asking:
    """Asks one Traefik."""

    network: Network
    controller: Controller
    identities: Mapping[str, Identity]
    backends: Mapping[str, Backend]

    def look(self, places: Collection[Place]) -> Mapping[Place, Seen]:
        """What every client gets at these places."""
        verdicts: dict[Place, Seen] = dict.fromkeys(places, ())
        for who in ASKERS:
            asked = [place for place in places if who in place.askers]
            for place, answer in zip(asked, self._ask(asked, who), strict=True):
                verdicts[place] += (self._verdict(answer),)
        return verdicts

    def _ask(self, places: Sequence[Place], who: str) -> list[Answer]:
        """One curl for all of them: to start one for each would take most of the time."""
        end = secrets.token_hex(8)
        identity = self.identities.get(who)
        shown: list[str | Path] = ["--cert", identity.certificate, "--key", identity.key] if identity else []
        command = [
            "curl", "--silent", "--insecure", "--noproxy", "*", "--max-time", "10",
            "--connect-to", f":80:{self.controller.http}", "--connect-to", f":443:{self.controller.https}",
            "--write-out", f"{end}%{{http_code}} %{{exitcode}}{end}", *shown, *map(str, places),
        ]  # fmt: skip
        curl = subprocess.run(self.network.command(command), capture_output=True, text=True, errors="replace")
        parts = curl.stdout.split(end)
        return [_read(body, numbers) for body, numbers in zip(parts[::2], parts[1::2], strict=False)]

    def _verdict(self, answer: Answer) -> str:
        if answer.status == 200:
            names = [name for name, each in self.backends.items() if each.marker in answer.body]
            return names[0] if names else f"200 by a stranger: {answer}"
        if answer.status:
            return str(answer.status)
        try:
            NoHandshake().check(answer, "")
        except AssertionError as error:
            return str(error)
        return "refused"


def _read(body: str, numbers: str) -> Answer:
    status, exit_status = numbers.split()
    return Answer(int(status), body, int(exit_status), "")
