"""Enforcement: what `mtlsgen access` says."""

from __future__ import annotations

from ..controllers import controller
from ..enforcement.doors import applied
from ..enforcement.truth import compared
from ..registry import case
from ..specs.setups import generate_setups
from ..truth.batch import Tally, described
from ..truth.ground import ground
from ..truth.judging import judge
from ..truth.readers import ingress_nginx, traefik
from ..truth.sample import SAMPLES, SEED
from ..world import World
from .enforcement_doors import ROWS

#: Questions about the set-ups by hand, with headers and flags that the model is not asked with; and unknown verdicts.
_BY_HAND = {"ingress-nginx": (4, 0), "traefik": (2, 0)}
_SHOWN = 3


@case(
    "controllers answer set-ups by hand as the model says",
    list(_BY_HAND),
    {name: "one version is asked" for name in SAMPLES if name not in _BY_HAND},
)
def by_hand(world: World) -> None:
    """What each set-up by hand is asked and expected to answer, the model says too."""
    doors = applied(world.run, ROWS)
    controller(world.run, world.counterpart)
    reader = traefik() if world.counterpart == "traefik" else ingress_nginx()
    reader.prepare(world.run)
    # Snippets need another controller.
    rows = [row for row in ROWS if not row.permissive and not (reader.name == "traefik" and row.not_traefik)]
    found = compared(world, reader, rows, doors)
    assert not found.wrong, f"{len(found.wrong)} of {found.asked} wrong:\n" + "\n".join(found.wrong)
    numbers = (found.left_out, found.unknown)
    assert numbers == _BY_HAND[world.counterpart], f"questions left out, and unknown verdicts: {numbers}"


@case("controllers answer as the model says", list(SAMPLES), {"traefik": "its versions are asked"})
def generated(world: World) -> None:
    """Generated set-ups, asked as every client."""
    sample = SAMPLES[world.counterpart]
    where, tally = ground(world.run, sample.reader()), Tally()
    kinds = where.reader.kinds
    setups = generate_setups(SEED, sample.numbers, where.material, kinds)
    assert {each.kind for each in setups} == {each.__name__ for each in kinds}, "not every kind of set-up"
    finds = judge(where, setups, tally)
    assert not tally.not_taken, f"the API server does not take {tally.not_taken}"
    assert not tally.not_read, f"nginx refuses the configuration of {tally.not_read}"
    shown = "\n\n".join(described(finds)[:_SHOWN])
    assert not finds, f"{len(finds)} answers that the model does not say, of {tally}; the first set-ups:\n{shown}"
    said = {name for name, number in tally.verdicts.items() if number}
    assert said >= {"admitted", "refused", "redirected"}, f"the sample says too little: {tally}"
    unknown, several = tally.verdicts["unknown"], tally.verdicts["oneOf"]
    assert unknown == sample.unknown, f"{unknown} verdicts are unknown, not {sample.unknown}: {dict(tally.unknown)}"
    assert several == sample.several, f"{several} are one of several, not {sample.several}: {dict(tally.open)}"
