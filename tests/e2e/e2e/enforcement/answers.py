"""What a controller is expected to answer, and whether it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ask import Answer
from ..processes import NotReady, wait_until

#: curl's exit statuses for a handshake that the server refused. Which one comes is a matter of timing: with
#: TLS 1.3 the refusal follows after the client has begun to send.
_HANDSHAKE_REFUSED = {16, 35, 55, 56}


@dataclass(frozen=True)
class Served:
    """The backend answered; it saw these headers (None: not this one)."""

    headers: Mapping[str, str | None] = field(default_factory=dict)

    def check(self, answer: Answer, marker: str) -> None:
        assert answer.status == 200, f"expected the backend's answer, got {answer}"
        seen = answer.json()
        assert seen["marker"] == marker, f"another run's backend answered: {answer}"
        for name, value in self.headers.items():
            values = header_values(seen, name)
            expected = [] if value is None else [value]
            assert values == expected, f"expected the header {name} to be {expected}, the backend saw {values}"


@dataclass(frozen=True)
class Answered:
    """The controller itself answered with this status."""

    status: int
    #: Part of the body (and of the headers, where they are asked for), in any case of letters.
    words: str = ""

    def check(self, answer: Answer, marker: str) -> None:
        said = self.words.lower() in answer.body.lower()
        assert answer.status == self.status and said and marker not in answer.body, (
            f"expected {self.status} {self.words!r} by the controller, got {answer}"
        )


@dataclass(frozen=True)
class NoHandshake:
    """The TLS handshake was refused: no HTTP answer at all."""

    def check(self, answer: Answer, marker: str) -> None:
        refused = answer.status == 0 and answer.exit_status in _HANDSHAKE_REFUSED
        assert refused, f"expected a refused handshake, got {answer} (curl: {answer.exit_status})"


Expected = Served | Answered | NoHandshake


def header_values(seen: Mapping[str, Any], name: str) -> list[str]:
    """All values of a header that the backend saw, in their order."""
    return [value for key, value in seen["headers"] if key.lower() == name.lower()]


def becomes(expected: Expected, ask: Callable[[], Answer], marker: str, seconds: float = 30) -> None:
    """Asks until that is the answer; AssertionError with the last one if it never is."""

    def answered() -> bool:
        try:
            expected.check(ask(), marker)
        except AssertionError:
            return False
        return True

    try:
        wait_until(answered, seconds, "the expected answer")
    except NotReady:
        expected.check(ask(), marker)


COUNTERPARTS = ("ingress-nginx", "traefik")

#: What each counterpart is expected to answer.
Answers = Mapping[str, Expected]


def differing(ingress_nginx: Expected, traefik: Expected) -> Answers:
    """Answers of each controller's own; the case says why they differ."""
    return dict(zip(COUNTERPARTS, (ingress_nginx, traefik), strict=True))


SERVED: Answers = differing(Served(), Served())
#: nginx finishes the handshake, with any certificate, and answers by HTTP; Traefik ends it with an alert.
NOTHING_SENT = differing(Answered(400, "No required SSL certificate was sent"), NoHandshake())
NOT_ACCEPTED = differing(Answered(400, "The SSL certificate error"), NoHandshake())
