"""Answers that are not what the spec says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..specs.doors import Doors
from .batch import Batch
from .ground import Ground
from .oracle import Expected, Oracle, Service
from .questions import Question, connections, questions
from .rendered import Rendered

#: Statuses of a gateway that did not understand its backend: the client was let through.
_NOT_UNDERSTOOD = (502, 504)
#: The warning that a service is behind an open host and a protected one.
_SAID = "service-shared"


@dataclass(frozen=True)
class Find:
    """One answer that is wrong, and the doors that gave it."""

    #: `weaker`, `misrouted`, `locked out`, `plain HTTP`, `detour`, `path twice`, `refused by the API`, …
    kind: str
    doors: Doors
    asked: str
    answered: str
    expected: str
    question: Question | None = None
    #: The service that answered, and those that should have.
    service: Service | None = None
    services: frozenset[Service] = frozenset()


@dataclass
class Count:
    """What was asked."""

    cells: int = 0
    seconds: float = 0.0
    #: Where the time went.
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Adds the time that this takes to a phase."""
        started = time.monotonic()
        yield
        self.phases[phase] = self.phases.get(phase, 0.0) + time.monotonic() - started


def judge(ground: Ground, batch: Batch, count: Count) -> list[Find]:
    """Asks everything, and once more what was answered wrong."""
    reads_allow = ground.door.name != "traefik"
    oracles = [Oracle(each.doors, each.said, reads_allow) for each in batch.accepted]
    asked = [
        (each, oracle, questions(ground, each, oracle)) for each, oracle in zip(batch.accepted, oracles, strict=True)
    ]
    suspicious = _ask(ground, batch, asked)
    count.cells += sum(len(each) for _, _, each in asked)
    return suspicious


def ask_again(ground: Ground, batch: Batch, finds: list[Find]) -> list[Find]:
    """The finds that stay when they are asked again; all questions of a spec's finds at once."""
    reads_allow = ground.door.name != "traefik"
    asked = []
    for each in batch.accepted:
        again = [find.question for find in finds if find.doors is each.doors and find.question]
        if again:
            asked.append((each, Oracle(each.doors, each.said, reads_allow), again))
    return _ask(ground, batch, asked)


def _ask(ground: Ground, batch: Batch, asked: list[tuple[Rendered, Oracle, list[Question]]]) -> list[Find]:
    wanted, members = [], []
    for found, oracle, each in asked:
        for connection, same in connections(ground, found, each):
            wanted.append(connection)
            members.append((found, oracle, same))
    finds: list[Find] = []
    for answers, (found, oracle, same) in zip(ground.asker.ask(wanted), members, strict=True):
        for answer, question in zip(answers, same, strict=True):
            finds += _judged(batch, found, oracle, question, answer)
    return finds


def _judged(
    batch: Batch, found: Rendered, oracle: Oracle, question: Question, answer: dict[str, Any]
) -> Iterator[Find]:
    absolute = question.target.startswith("https://")
    target = "/" + question.target.split("/", 3)[3] if absolute else question.target
    expected = oracle.expected(question.host, question.client, target)
    service = batch.services.get(answer["service"]) if answer["service"] else None
    served = answer["service"] is not None
    kind = _kind(oracle, question, answer, expected, service, absolute)
    if kind == "absolute form" and _SAID in found.said:
        kind = None
    if found.doors.name in batch.partial:
        # What is missing goes to the default server.
        kind = None
    if kind:
        said = f"{answer['status']} {service or answer['service'] or answer['body'] or answer['error']}"
        services = ", ".join(map(str, sorted(expected.services))) or "no service"
        wanted = {True: "may enter", False: "may not enter", None: "may or may not enter"}[expected.may]
        heard = f" (heard Host: {answer['heard']})" if served else ""
        location = f" to {answer['location']}" if answer["location"] else ""
        yield Find(
            kind, found.doors, str(question), f"{' '.join(said.split())}{location}{heard}", f"{wanted}; {services}",
            question, service, expected.services,
        )  # fmt: skip


def _kind(
    oracle: Oracle,
    question: Question,
    answer: dict[str, Any],
    expected: Expected,
    service: Service | None,
    absolute: bool,
) -> str | None:
    served = answer["service"] is not None
    if absolute:
        heard = served and answer["heard"] == question.host
        return "absolute form" if heard and expected.may is False and service in expected.services else None
    if served and expected.may is False:
        if not question.tls:
            return None if oracle.is_for_challenges(service, question.target) else "plain HTTP"
        return "weaker" if question.sni == question.host else "detour"
    if question.sni != question.host and question.tls:
        return None
    if not question.tls and oracle.is_protected(question.host):
        return None
    if served and service not in expected.services:
        return _misrouted(oracle, question, expected, service)
    if expected.free or not expected.certain or expected.may is not True or served:
        return None
    if expected.free and answer["status"] in _NOT_UNDERSTOOD:
        return None
    return _locked_out(oracle, question, answer)


def _misrouted(oracle: Oracle, question: Question, expected: Expected, service: Service | None) -> str | None:
    """Where annotations decide, only a protected host's service at an open one is wrong."""
    if not expected.services and not oracle.policies(question.host):
        # Nothing of the spec's: others may have put something at the default server.
        return None
    if not expected.free:
        return "misrouted"
    behind = service in oracle.protected_services()
    own = any(rule.service == service and rule.host == question.host for rule in oracle.rules)
    return "misrouted" if behind and not own and oracle.is_open(question.host) else None


def _locked_out(oracle: Oracle, question: Question, answer: dict[str, Any]) -> str | None:
    if answer["status"] == 301 and (answer["location"] or "").endswith(f"{question.host}{question.target}/"):
        # nginx's own, for a path whose rule ends in a slash.
        return None
    if not question.tls:
        redirected = 300 <= answer["status"] < 400
        if redirected and oracle.has_tls(question.host):
            return None
        return "locked out"
    # Without a certificate of its own, HTTPS is not what the spec promises.
    return "locked out" if oracle.has_tls(question.host) else None


def said_twice(found: Rendered) -> Iterator[Find]:
    """Paths that two entries give to two services: only one of them can be served."""
    oracle = Oracle(found.doors)
    seen: dict[tuple[str, str, str], Service] = {}
    for rule in oracle.rules:
        if rule.entry is None:
            continue
        key = (rule.host, rule.path, rule.path_type)
        if seen.setdefault(key, rule.service) != rule.service:
            asked = f"{rule.host}{rule.path} ({rule.path_type})"
            yield Find("path twice", found.doors, asked, "accepted", f"{rule.service} and {seen[key]}")


def refused(batch: Batch) -> Iterator[Find]:
    """What the API server or the webhook did not take, although it is mtlsgen's."""
    doors = {each.doors.name: each.doors for each in batch.accepted}
    for name, words in batch.refused:
        # 1.11 does not know the dot yet, 1.15.1 does.
        if re.search(r"path /[A-Za-z0-9/_.-]* cannot be used with pathType", words):
            continue
        by = "the webhook" if "denied the request" in words else "the API"
        kind = f"refused by {by}: {_reason(words)}"
        yield Find(kind, doors[name], "apply", words, "is taken")


def _reason(words: str) -> str:
    """What was said, without names."""
    if path := re.search(r"path (.*) cannot be used with pathType (\w+)", words):
        odd = "".join(sorted(set(re.sub(r"[A-Za-z0-9/_-]", "", path[1]))))
        return f"{path[2]} path with {odd}"
    if "is already defined" in words:
        return "path already defined"
    said = words.rpartition("denied the request: ")[2]
    return " ".join(re.sub(r'"[^"]*"|g\d{5}[a-z0-9.-]*', "…", said).replace(",", ";").split())[:120]
