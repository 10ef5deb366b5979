"""The spoilt specs that the suite asks about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..truth.readers import Reader, ingress_nginx, traefik
from .changes import CHANGES

SEED = 20_261_201
#: Specs at once in a long run.
SIZE = 60


@dataclass(frozen=True)
class Sample:
    """Specs before one controller."""

    reader: Callable[[], Reader]
    #: Numbers of its own: namespaces are there once.
    numbers: Sequence[int]
    #: Witnesses that the controller bears out, and those that no request shows.
    counts: tuple[int, int]


_ALL = len(CHANGES)
#: By column of the table; each change comes first in one spec.
SAMPLES = {
    "ingress-nginx": Sample(ingress_nginx, range(_ALL), (66, 4)),
    "traefik-3.7.13": Sample(lambda: traefik("3.7.13"), range(10 * _ALL, 11 * _ALL), (86, 7)),
    "traefik-3.7.15": Sample(lambda: traefik("3.7.15"), range(20 * _ALL, 21 * _ALL), (87, 8)),
}
