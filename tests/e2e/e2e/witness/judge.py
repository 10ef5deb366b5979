"""Spoilt manifests, served by a real controller, and the requests of which mtlsgen says that they show it."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote

from ..controllers import Controller
from ..enforcement.spoiled import patched
from ..hunt.batch import NotRead
from ..program import Object
from ..specs.setups import Setup
from ..truth import batch as truth
from ..truth.batch import Batch
from ..truth.ground import Ground
from .asks import Ask, Heard, asks
from .clients import Clients
from .said import Said, Witness, said
from .spoilt import SERVICES, Spoilt, is_target

#: How often a wrong answer is asked for again, and the seconds between: workers of before answer for a moment.
_ATTEMPTS = 5
_PAUSE = 0.5
#: Settings that are only taken into account.
_LAXER = {"allow-snippet-annotations", "allowSnippetAnnotations"}
_KINDS = ("Ingress", "Secret")


@dataclass(frozen=True)
class Find:
    """A witness that the controller does not bear out."""

    spoilt: Spoilt
    witness: Witness
    words: str

    def __str__(self) -> str:
        return f"{self.spoilt.described()}\n  witness: {dict(self.witness)}\n  the controller: {self.words}"


@dataclass
class Tally:
    """What was asked."""

    spoilt: int = 0
    #: Witnesses that a controller bore out, by what shows them and how.
    shown: Counter[str] = field(default_factory=Counter)
    #: Witnesses that no request shows, by why.
    not_asked: Counter[str] = field(default_factory=Counter)
    #: Specs without witnesses: accepted, or refused for another reason.
    other: Counter[str] = field(default_factory=Counter)
    #: Changes that some witness shows.
    changes: Counter[str] = field(default_factory=Counter)
    not_taken: list[tuple[Object, str]] = field(default_factory=list)
    not_read: list[tuple[Setup, str]] = field(default_factory=list)

    def __str__(self) -> str:
        parts = (("shown", self.shown), ("not asked", self.not_asked), ("without witnesses", self.other))
        words = "; ".join(f"{name}: {_listed(counter)}" for name, counter in parts)
        return f"{self.spoilt} specs; {words}"


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counter.items())) or "none"


def judge(ground: Ground, clients: Clients, specs: Sequence[Spoilt], tally: Tally) -> list[Find]:
    """The witnesses of all of them that the controller does not bear out."""
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(said, specs))
        setups = list(pool.map(lambda each: _setup(ground, each), specs))
    tally.spoilt += len(specs)
    for each in answers:
        if not each.witnesses:
            tally.other.update(each.codes[:1] or ["accepted"])
    shown = [(setup, each) for setup, each in zip(setups, answers, strict=True) if each.witnesses]
    return _served(ground, clients, shown, tally)


def _served(
    ground: Ground, clients: Clients, shown: Sequence[tuple[Setup, Said]], tally: Tally
) -> list[Find]:
    """Halves of them, where nginx does not take the configuration of all."""
    if not shown:
        return []
    counts = truth.Tally()
    before = copy.deepcopy(vars(tally))
    batch = Batch([setup for setup, _ in shown])
    try:
        truth.apply(ground, batch, counts)
        tally.not_taken += counts.not_taken
        finds: list[Find] = []
        for laxer in (False, True):
            wanted = [(each.spoilt, one) for _, each in shown for one in each.witnesses if _needs_laxer(one) == laxer]
            if wanted:
                with ground.fresh(laxer) as controller:
                    truth.wait(ground, controller)
                    finds += _asked(ground, controller, batch, clients, wanted, tally)
        return finds
    except NotRead as words:
        if len(shown) == 1:
            tally.not_read.append((shown[0][0], str(words)))
            return []
        # The halves count again what was counted before.
        vars(tally).update(before)
    finally:
        ground.api.remove(batch.namespaces)
    half = len(shown) // 2
    return [find for part in (shown[:half], shown[half:]) for find in _served(ground, clients, part, tally)]


def _needs_laxer(witness: Witness) -> bool:
    """Whether it holds with other settings than the defaults."""
    return not _LAXER.isdisjoint(witness["controller"]["options"])


def _setup(ground: Ground, spoilt: Spoilt) -> Setup:
    """The manifests as they are applied: mtlsgen's are as old as what is older."""
    objects = [_spoilt(ground, spoilt, each) for each in spoilt.objects if each["kind"] in _KINDS]
    secrets = [each for each in objects if each["kind"] == "Secret"]
    ingresses = [each for each in objects if each["kind"] == "Ingress"]
    young = bool(spoilt.older)
    return Setup(
        spoilt.name, ", ".join(spoilt.changes), [spoilt.name], secrets,
        spoilt.older if young else ingresses,
        [*ingresses, *spoilt.younger] if young else spoilt.younger,
        [(spoilt.name, name) for name in SERVICES],
    )  # fmt: skip


def _spoilt(ground: Ground, spoilt: Spoilt, each: Object) -> Object:
    for target, operations in spoilt.patches:
        if is_target(target, each):
            each = patched(ground.run.cluster, operations, each)
    return each


def _asked(
    ground: Ground, controller: Controller, batch: Batch, clients: Clients, wanted: Sequence[tuple[Spoilt, Witness]],
    tally: Tally,
) -> list[Find]:
    open_asks: list[tuple[Spoilt, Ask]] = []
    for spoilt, witness in wanted:
        ask = asks(witness, spoilt, clients)
        if isinstance(ask, str):
            tally.not_asked[ask] += 1
        else:
            open_asks.append((spoilt, ask))
    finds: list[Find] = []
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        heard = _heard(ground, controller, batch.services, [ask for _, ask in open_asks])
        wrong = []
        finds = []
        for (spoilt, ask), answer in zip(open_asks, heard, strict=True):
            if words := ask.wrong(answer):
                wrong.append((spoilt, ask))
                finds.append(Find(spoilt, ask.witness, words))
            else:
                tally.shown[ask.title] += 1
                tally.changes.update(spoilt.changes)
        open_asks = wrong
        if not wrong:
            break
    return finds


def _heard(
    ground: Ground, controller: Controller, services: Mapping[str, str], wanted: Sequence[Ask]
) -> list[list[Heard]]:
    """The answers to each, one a request."""
    connections = [connection(controller, request) for ask in wanted for request in ask.requests]
    answers = iter(ground.asker.ask(connections))
    return [[Heard.of(next(answers)[0], services) for _ in ask.requests] for ask in wanted]


def connection(controller: Controller, request: Mapping[str, object]) -> dict[str, object]:
    """A request, as the program that asks takes it."""
    tls = request["scheme"] == "https"
    shown = request["shown"]
    certificate, key = map(str, shown) if isinstance(shown, tuple) else (None, None)
    return {
        "tls": tls,
        **controller.place(tls),
        "sni": request["sni"],
        "cert": certificate,
        "key": key,
        "asks": [[request["host"], quote(str(request["path"]), safe=truth.SAFE), request["headers"]]],
    }
