"""One version of Traefik at a time: started, asked everything, stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..controllers.traefik import started
from ..processes import NotReady, wait_until
from ..registry import TRAEFIK_VERSIONS
from ..world import Run
from .answers import OPEN, PROTECTED, Asking, Place, Seen
from .setups import CONTROLLER_CLASS, ROUTED, applied
from .specs import host_name

#: The first that knows `core.strictTLSOptions`.
_FIRST_STRICT = "3.7.12"
_PORT = 7180
#: How long a version may take until it answers as expected, once it has read everything.
_PATIENCE = 10

#: What was seen at each place of a row, in the row's order.
Outcome = tuple[Seen, ...]
#: Where it is a matter of luck or order, any of these.
Outcomes = Sequence[Outcome]


def knows_strict(version: str) -> bool:
    """Whether the flag exists there."""
    return TRAEFIK_VERSIONS.index(version) >= TRAEFIK_VERSIONS.index(_FIRST_STRICT)


@dataclass(frozen=True)
class Row:
    """A set-up, where it is asked, and what is expected of each version without and with the flag."""

    name: str
    places: tuple[Place, ...]
    expected: Callable[[str, bool], Outcomes]


#: What a version made of each row, by its name.
Measured = Mapping[str, Outcome]


def measured(run: Run, version: str, strict: bool, rows: Sequence[Row]) -> Measured:
    """What this version makes of all rows; asked once in a run."""
    name = f"traefik-{version}{'-strict' if strict else ''}"

    @contextmanager
    def measure(_: Run) -> Iterator[Measured]:
        yield _measure(run, name, version, strict, rows)

    return run.share(name, measure)


def _measure(run: Run, name: str, version: str, strict: bool, rows: Sequence[Row]) -> Measured:
    set_ups = run.share("set-ups of Traefik's versions", applied)
    flags = ["--providers.kubernetescrd", *(["--core.stricttlsoptions=true"] if strict else [])]
    with started(run, name, f"traefik-{version}", _PORT, CONTROLLER_CLASS, flags) as controller:
        run.processes.append(controller.process)
        asking = Asking(run.network, controller, set_ups.identities, set_ups.backends)
        _wait_until_read(asking)
        outcomes = {row.name: _awaited(asking, row, row.expected(version, strict)) for row in rows}
        # Once more: what changes by itself would not be noticed by waiting for it.
        return {row.name: _lasting(asking, row, outcomes[row.name], row.expected(version, strict)) for row in rows}


def _wait_until_read(asking: Asking) -> None:
    """Both providers give all that they have at once: where one host of each is there, all are."""

    def read() -> bool:
        return asking.seen(Place(host_name("one"))) == PROTECTED and asking.seen(Place(ROUTED)) == OPEN

    wait_until(read, 30, "the hosts `one` and `routed`")


def _awaited(asking: Asking, row: Row, expected: Outcomes) -> Outcome:
    """What is there when it is as expected, or at the end."""
    last: list[Outcome] = []

    def as_expected() -> bool:
        last.append(_outcome(asking, row))
        return last[-1] in expected

    with suppress(NotReady):
        wait_until(as_expected, _PATIENCE, row.name)
    return last[-1]


def _lasting(asking: Asking, row: Row, outcome: Outcome, expected: Outcomes) -> Outcome:
    """An outcome, if it was as expected and is still so."""
    return _outcome(asking, row) if outcome in expected else outcome


def _outcome(asking: Asking, row: Row) -> Outcome:
    return tuple(asking.seen(place) for place in row.places)
