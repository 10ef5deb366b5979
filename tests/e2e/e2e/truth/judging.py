"""How set-ups are put before a controller."""

from __future__ import annotations

from collections.abc import Sequence

from ..specs.setups import Setup
from . import batch, gateways
from .batch import Find, Tally
from .ground import Ground


def judge(ground: Ground, setups: Sequence[Setup], tally: Tally) -> list[Find]:
    """Everything that the ground's controller answers in another way than the model says."""
    how = gateways.judge if ground.reader.has_gateways else batch.judge
    return how(ground, setups, tally)
