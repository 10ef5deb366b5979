"""Enforcement: what `mtlsgen access` says."""

from __future__ import annotations

from ..controllers import controller
from ..enforcement.doors import applied
from ..enforcement.truth import compared
from ..registry import case
from ..specs.setups import KINDS, generate_setups
from ..truth.batch import Tally, described, judge
from ..truth.ground import ground
from ..truth.sample import SEED, SIZE, UNKNOWN
from ..world import World
from .enforcement_doors import ROWS

_NO_MODEL = {"traefik": "the model of Traefik is not written yet"}
#: Questions about the set-ups by hand, with headers and flags that the model is not asked with.
_LEFT_OUT = 4
_UNKNOWN_BY_HAND = 0
_SHOWN = 3


@case("controllers answer set-ups by hand as the model says", ["ingress-nginx"], _NO_MODEL)
def by_hand(world: World) -> None:
    """What each set-up by hand is asked and expected to answer, the model says too."""
    doors = applied(world.run, ROWS)
    controller(world.run, world.counterpart)
    # Snippets need another controller.
    found = compared(world, [row for row in ROWS if not row.permissive], doors)
    assert not found.wrong, f"{len(found.wrong)} of {found.asked} wrong:\n" + "\n".join(found.wrong)
    assert found.left_out == _LEFT_OUT, f"{found.left_out} questions are left out"
    assert found.unknown == _UNKNOWN_BY_HAND, f"{found.unknown} verdicts are unknown"


@case("controllers answer as the model says", ["ingress-nginx"], _NO_MODEL)
def generated(world: World) -> None:
    """Generated set-ups, asked as every client."""
    where, tally = ground(world.run), Tally()
    setups = generate_setups(SEED, range(SIZE), where.material)
    assert {each.kind for each in setups} == set(KINDS), "not every kind of set-up"
    finds = judge(where, setups, tally)
    assert not tally.not_taken, f"the API server does not take {tally.not_taken}"
    assert not tally.not_read, f"nginx refuses the configuration of {tally.not_read}"
    shown = "\n\n".join(described(finds)[:_SHOWN])
    assert not finds, f"{len(finds)} answers that the model does not say, of {tally}; the first set-ups:\n{shown}"
    said = {name for name, number in tally.verdicts.items() if number}
    assert said >= {"admitted", "refused", "redirected", "notServed"}, f"the sample says too little: {tally}"
    unknown = tally.verdicts["unknown"]
    assert unknown == UNKNOWN, f"{unknown} verdicts are unknown, not {UNKNOWN}: {dict(tally.unknown)}"
