"""What Traefik answers at one place: a host and a path, asked by everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ask import Answer, ask
from ..controllers import Backend, Controller
from ..enforcement.answers import NoHandshake
from ..enforcement.identities import Identity, proof
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

    def seen(self, place: Place) -> Seen:
        """What everybody gets there."""
        return tuple(self._verdict(self._ask(place, who)) for who in place.askers)

    def _ask(self, place: Place, who: str) -> Answer:
        at = self.controller.http if place.plain else self.controller.https
        return ask(self.network, str(place), at=at, **proof(self.identities.get(who)))

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
