"""What the model says of the set-ups by hand, in the terms of what they expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..controllers import ingress_nginx
from ..truth.access import Request, Verdict, access, shown
from ..truth.outcome import Outcome
from ..world import World
from .answers import Answered, Expected, NoHandshake, Served
from .door_material import LONGER_NAMESPACE, NAMESPACE
from .doors import Doors, Question, Row

#: What stands in for the Service that answers: set-ups by hand name a server, behind several Services.
_SOME_SERVICE = "some Service"


@dataclass(frozen=True)
class Compared:
    """The questions of set-ups, and what the model says of them."""

    #: What it says wrongly: the name of the set-up, and words.
    wrong: Sequence[str]
    unknown: int
    #: Questions that a request of the model cannot express: headers and flags of curl.
    left_out: int
    asked: int


def compared(world: World, rows: Sequence[Row], doors: Doors) -> Compared:
    """Compares what ingress-nginx is expected to answer with what the model says; `rows` are those of one
    controller."""
    questions = [(row, question) for row in rows for question in row.questions]
    able = [(row, question) for row, question in questions if not question.flags and not question.headers]
    clients: dict[str, Path] = {name: each.certificate for name, each in doors.identities.items()}
    said = access(
        world.program,
        world.scratch,
        shown(world.cluster, (NAMESPACE, LONGER_NAMESPACE), ingress_nginx.SETTINGS),
        clients,
        [question.host for _, question in able],
        [question.path for _, question in able],
    )
    judged = [(row, question, said[_request(question)]) for row, question in able]
    return Compared(
        wrong=[f"{row.name}: {words}" for row, question, verdict in judged if (words := _wrong(question, verdict))],
        unknown=sum(verdict["verdict"] == "unknown" for *_, verdict in judged),
        left_out=len(questions) - len(able),
        asked=len(able),
    )


def _request(question: Question) -> Request:
    return Request(question.scheme, question.host, question.path, question.identity)


def _wrong(question: Question, verdict: Verdict) -> str:
    """What is wrong with a verdict; empty: nothing."""
    expected = question.answers["ingress-nginx"]
    if verdict["verdict"] == "unknown" or _outcome(expected).is_said(_without_backend(verdict)):
        return ""
    return f"{_request(question)}: the controller answers {expected}, the model says {dict(verdict)}"


def _outcome(expected: Expected) -> Outcome:
    match expected:
        case Served():
            return Outcome(200, _SOME_SERVICE)
        case Answered(status):
            return Outcome(status)
        case NoHandshake():
            return Outcome(0)


def _without_backend(verdict: Verdict) -> Mapping[str, object]:
    rest = {key: value for key, value in verdict.items() if key != "backend"}
    if verdict["verdict"] == "oneOf":
        rest["oneOf"] = [_without_backend(each) for each in verdict["oneOf"]]
    return rest
