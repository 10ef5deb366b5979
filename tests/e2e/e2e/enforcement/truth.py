"""What the model says of the set-ups by hand, in the terms of what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..controllers import ingress_nginx
from ..truth.access import Request, Verdict, access, shown
from ..truth.outcome import Outcome
from ..truth.readers import Reader
from ..world import World
from .answers import Answered, Expected, NoHandshake, Served
from .door_material import LONGER_NAMESPACE, NAMESPACE, PORTS
from .doors import Doors, Question, Row


@dataclass(frozen=True)
class Compared:
    """The questions of set-ups, and what the model says of them."""

    #: What it says wrongly: the name of the set-up, and words.
    wrong: Sequence[str]
    unknown: int
    #: Questions that a request of the model cannot express: headers and flags of curl.
    left_out: int
    asked: int


def compared(world: World, reader: Reader, rows: Sequence[Row], doors: Doors) -> Compared:
    """Compares what a controller is expected to answer with what the model says; `rows` are those of one
    controller."""
    questions = [(row, question) for row in rows for question in row.questions]
    able = [(row, question) for row, question in questions if not question.flags and not question.headers]
    clients: dict[str, Path] = {name: each.certificate for name, each in doors.identities.items()}
    said = access(
        world.program,
        world.scratch,
        reader.arguments,
        shown(world.cluster, reader.resources, (NAMESPACE, LONGER_NAMESPACE), ingress_nginx.SETTINGS),
        clients,
        [question.host for _, question in able],
        [question.path for _, question in able],
    )
    servers = dict(_servers(rows))
    judged = [(row, question, _with_server(said[_request(question)], servers)) for row, question in able]
    return Compared(
        wrong=[f"{row.name}: {words}" for row, question, verdict in judged if (words := _wrong(reader.name, question, verdict))],
        unknown=sum(verdict["verdict"] == "unknown" for *_, verdict in judged),
        left_out=len(questions) - len(able),
        asked=len(able),
    )


def _request(question: Question) -> Request:
    return Request(question.scheme, question.host, question.path, question.identity)


def _wrong(controller: str, question: Question, verdict: Verdict) -> str:
    """What is wrong with a verdict; empty: nothing."""
    expected = question.answers[controller]
    if verdict["verdict"] == "unknown" or _outcome(controller, question, expected).is_said(verdict):
        return ""
    return f"{_request(question)}: the controller answers {expected}, the model says {dict(verdict)}"


def _outcome(controller: str, question: Question, expected: Expected) -> Outcome:
    match expected:
        case Served():
            backend = question.backends.get(controller, question.backend)
            return Outcome(200, str(PORTS[backend]))
        case Answered(status):
            return Outcome(status)
        case NoHandshake():
            return Outcome(0)


def _servers(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Each Service, and the port of the server behind it: that is what a question names."""
    for each in (one for row in rows for one in (*row.older, *row.objects) if one["kind"] == "Service"):
        [port] = each["spec"]["ports"]
        yield f"{each['metadata']['namespace']}/{each['metadata']['name']}", str(port["targetPort"])


def _with_server(verdict: Verdict, servers: Mapping[str, str]) -> Verdict:
    """The verdict with the server in place of the Service."""
    replaced = dict(verdict)
    if backend := verdict.get("backend"):
        replaced["backend"] = servers[backend.rpartition(":")[0]]
    if verdict["verdict"] == "oneOf":
        replaced["oneOf"] = [_with_server(each, servers) for each in verdict["oneOf"]]
    return replaced
