"""The set-ups that the suite asks about, and how many verdicts of each sample say less than one answer. The numbers change
with the model and with the generator alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .readers import Reader, envoy_gateway, ingress_nginx, traefik

SEED = 20_261_130


@dataclass(frozen=True)
class Sample:
    """Set-ups before one controller."""

    reader: Callable[[], Reader]
    #: Numbers of its own: namespaces are there once.
    numbers: range
    #: Verdicts that are `unknown`, and that are one of several.
    unknown: int = 0
    several: int = 0


#: By column of the table.
SAMPLES = {
    "ingress-nginx": Sample(ingress_nginx, range(60), unknown=32, several=54),
    "traefik-3.7.13": Sample(lambda: traefik("3.7.13"), range(1026, 1064), unknown=22, several=102),
    "traefik-3.7.15": Sample(lambda: traefik("3.7.15"), range(2090, 2128), several=131),
    "envoy-gateway": Sample(envoy_gateway, range(3100, 3140)),
}
#: Set-ups at once in a long run.
SIZE = 60
