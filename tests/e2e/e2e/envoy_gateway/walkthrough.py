"""A reader who renders a page's spec for Envoy Gateway."""

from __future__ import annotations

from ..controllers import Controller
from ..program import Project
from ..terminal import Typed
from ..walkthrough import Walkthrough
from ..world import World
from .deployment import GATEWAY, TARGET, envoy_gateway, no_longer, serve

_FLAGS = ["--set", f'target="{TARGET}"']


class EnvoyWalkthrough(Walkthrough):
    """Types what the page says, with `--set 'target="envoy-gateway"'`, and asks the Gateway of one namespace."""

    def __init__(self, world: World, project: Project, namespace: str, *more: str) -> None:
        """`more`: further flags of `render`."""
        super().__init__(world, project, [*_FLAGS, *more])
        self._namespace = namespace
        self._run = world.run
        self.has(namespace)

    def applies(self) -> Typed:
        typed = super().applies()
        # There is no address before there is a Gateway.
        self._leads_to(envoy_gateway(self._run).envoy(self._namespace, GATEWAY))
        return typed

    def _controller(self) -> Controller | None:
        return None

    def _serve(self, namespace: str) -> None:
        envoy_gateway(self._run)
        serve(self._run, namespace)
        self._world.defer(lambda: no_longer(self._run, namespace))
