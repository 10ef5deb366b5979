"""Generated specs of doors: hosts that controllers serve, some open and some locked, whose names, paths,
aliases, bundles and neighbours are those that controllers have been seen to confuse."""

from .doors import Doors, Other, flat
from .generator import CONTAINER_PORTS, generate_doors
from .roots import FILES, Roots

__all__ = ["CONTAINER_PORTS", "FILES", "Doors", "Other", "Roots", "flat", "generate_doors"]
