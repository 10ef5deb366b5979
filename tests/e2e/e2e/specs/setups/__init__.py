"""Generated set-ups of Ingresses and of Gateways, as people, charts and other tools write them: right, odd and wrong, the
same for the same seed."""

from .generator import GATE_KINDS, KINDS, TRAEFIK_KINDS, Kind, generate_setups
from .material import Material
from .setup import Setup

__all__ = ["GATE_KINDS", "KINDS", "TRAEFIK_KINDS", "Kind", "Material", "Setup", "generate_setups"]
