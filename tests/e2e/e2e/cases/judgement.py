"""Kubernetes' own judgement."""

from __future__ import annotations

from ..parts import ROOT
from ..registry import case
from ..world import World


def examples() -> list[str]:
    """Names of the repository's examples."""
    return sorted(path.name for path in (ROOT / "examples").iterdir() if list(path.glob("mtls.*")))


@case("examples are accepted")
def examples_are_accepted(world: World) -> None:
    """Strict validation, whole; a second application changes nothing."""
    world.cluster.create("my-namespace", "shop", "reporting")
    for name in examples():
        world.cluster.apply(world.example(name).render())
