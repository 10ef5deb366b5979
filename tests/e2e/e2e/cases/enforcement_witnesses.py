"""Enforcement: what mtlsgen says of spoilt manifests."""

from __future__ import annotations

from ..registry import case
from ..truth.ground import ground
from ..witness.clients import Clients
from ..witness.generator import declared, generate
from ..witness.judge import Tally, judge
from ..witness.sample import SAMPLES, SEED
from ..world import World

_SHOWN = 3


@case("each witness against spoilt manifests is borne out", list(SAMPLES), {"traefik": "its versions are asked"})
def witnesses(world: World) -> None:
    """Of each way to spoil manifests, what mtlsgen refuses is applied, and the request by which it shows that is made."""
    sample = SAMPLES[world.counterpart]
    where, tally = ground(world.run, sample.reader()), Tally()
    specs = generate(
        world.program, where.folder / "witnesses", SEED, sample.numbers, declared(where.reader)
    )
    finds = judge(where, Clients(where.folder / "clients"), specs, tally)
    assert not tally.not_taken, f"the API server does not take {tally.not_taken}"
    assert not tally.not_read, f"nginx refuses the configuration of {tally.not_read}"
    shown = "\n\n".join(map(str, finds[:_SHOWN]))
    assert not finds, f"{len(finds)} witnesses that the controller does not bear out, of {tally}:\n{shown}"
    kinds = {title.partition(" ")[0] for title in tally.shown}
    assert kinds == {"weaker", "lockedOut"}, f"the sample shows too little: {tally}"
    counts = (tally.shown.total(), tally.not_asked.total())
    assert counts == sample.counts, f"witnesses that were borne out, and not asked for: {counts}; {tally}"
