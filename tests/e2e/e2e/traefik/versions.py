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
        expected = {row.name: row.expected(version, strict) for row in rows}
        awaited = _awaited(asking, rows, expected)
        # Once more: what changes by itself would not be noticed by waiting for it.
        lasting = _outcomes(asking, rows)
        return {name: lasting[name] if seen in expected[name] else seen for name, seen in awaited.items()}


def _wait_until_read(asking: Asking) -> None:
    """Both providers give all that they have at once: where one host of each is there, all are."""
    signs = {Place(host_name("one")): PROTECTED, Place(ROUTED): OPEN}
    wait_until(lambda: asking.look(signs) == signs, 30, "the hosts `one` and `routed`")


def _awaited(asking: Asking, rows: Sequence[Row], expected: Mapping[str, Outcomes]) -> Measured:
    """What is there when all of it is as expected, or at the end."""
    last: list[Measured] = []

    def as_expected() -> bool:
        last.append(_outcomes(asking, rows))
        return all(seen in expected[name] for name, seen in last[-1].items())

    with suppress(NotReady):
        wait_until(as_expected, _PATIENCE, "the expected answers")
    return last[-1]


def _outcomes(asking: Asking, rows: Sequence[Row]) -> Measured:
    seen = asking.look(dict.fromkeys(place for row in rows for place in row.places))
    return {row.name: tuple(seen[place] for place in row.places) for row in rows}
