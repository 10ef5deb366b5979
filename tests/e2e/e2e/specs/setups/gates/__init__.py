"""Generated set-ups of Gateway API's objects, and of Envoy Gateway's own."""

from . import clients, listeners, mixed, policies, routes
from .gate import CLASS, OTHER_CLASS

__all__ = ["CLASS", "OTHER_CLASS", "clients", "listeners", "mixed", "policies", "routes"]
