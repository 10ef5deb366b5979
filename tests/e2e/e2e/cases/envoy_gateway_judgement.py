"""Kubernetes' judgement of what is rendered for Envoy Gateway.

By the kinds as Envoy Gateway's chart installs them: no unknown field, and no rule of theirs that is broken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..envoy_gateway import resources
from ..envoy_gateway.deployment import TARGET
from ..program import Project
from ..registry import case
from ..specs import GeneratedSpec, Material, generate
from ..world import World
from .judgement import Rendered, accepted_and_unchanged, delete, example_names, rendered_twice

_SEED = 20_240_611
_COUNT = 60
#: As many as the machine has cores, on small ones.
_AT_ONCE = 2
#: How many of the generated specs have to be accepted as they are; all of them, without what the target refuses.
_LEAST_ACCEPTED = 5
_CODE = re.compile(r"^error\[([a-z-]+)\]", re.MULTILINE)
_TARGET = ["--set", f'target="{TARGET}"']
#: By these rules the target refuses what it has no way for.
_REFUSED = {"unsupported", "host-disagreement"}
_NGINX = "nginx.ingress.kubernetes.io/"


@dataclass(frozen=True)
class _Refused:
    """A spec that the target refuses: the codes of its errors, and all that was said."""

    name: str
    codes: frozenset[str]
    words: str


@case("generated specs, for Envoy Gateway", ["kubernetes"])
def generated(world: World) -> None:
    """Each is refused by a named rule, or accepted; applied twice, nothing changes."""
    accepted, refused = _judged(world, "as-they-are", lambda content: content)
    codes = Counter(code for each in refused for code in each.codes)
    print(f"        {len(accepted)} of {_COUNT} accepted; refused: {dict(codes.most_common())}")
    assert set(codes) <= _REFUSED, [each.words for each in refused if each.codes - _REFUSED]
    assert len(accepted) >= _LEAST_ACCEPTED, codes
    accepted_and_unchanged(world, [accepted])


@case("generated specs without what Envoy Gateway cannot do", ["kubernetes"])
def without_unsupported(world: World) -> None:
    """All of them are accepted, but for hosts that Envoy serves to those who name an open wildcard in the handshake, and Secrets
    of others that are not shown."""
    accepted, refused = _judged(world, "supported", _supported)
    print(f"        {len(refused)} of {_COUNT} refused")
    assert all(each.codes == {"host-unprotected"} for each in refused), [each.words for each in refused]
    assert len(refused) <= _COUNT // 6, [each.words for each in refused]
    accepted_and_unchanged(world, [accepted])


@case("examples, for Envoy Gateway", ["kubernetes"])
def examples(world: World) -> None:
    """Those that it can do are accepted, the others are refused by a named rule."""
    resources.kinds(world.run)
    world.cluster.create("my-namespace", "shop", "reporting")
    refused = {}
    for name in example_names():
        judged = _judge(name, world.example(name))
        if isinstance(judged, _Refused):
            refused[name] = set(judged.codes)
            continue
        # The stages of one example are one set of objects.
        world.defer(partial(delete, world, [judged]))
        accepted_and_unchanged(world, [[judged]])
    unsupported = dict.fromkeys(("argo-cd", "cert-manager"), {"unsupported"})
    assert refused == unsupported, refused


def _judged(
    world: World, title: str, changed: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[list[Rendered], list[_Refused]]:
    """Generated specs, changed so: what they render, and those that are refused."""
    resources.kinds(world.run)
    folder = world.scratch / title
    folder.mkdir()
    specs = generate(_SEED, _COUNT, Material(folder / "material"))
    world.cluster.create(*(namespace for spec in specs for namespace in spec.namespaces))

    def judge(spec: GeneratedSpec) -> Rendered | _Refused:
        return _judge(spec.name, Project.with_spec(world.program, folder / spec.name, changed(spec.content)))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        judged = list(pool.map(judge, specs))
    accepted = [each for each in judged if isinstance(each, Rendered)]
    world.defer(partial(delete, world, accepted))
    return accepted, [each for each in judged if isinstance(each, _Refused)]


def _judge(name: str, project: Project) -> Rendered | _Refused:
    try:
        return rendered_twice(name, project, _TARGET)
    except AssertionError as error:
        codes = frozenset(_CODE.findall(str(error)))
        # Without a code, it is not a refusal.
        assert codes, f"{name}: {error}"
        return _Refused(name, codes, str(error))


def _supported(content: Any) -> Any:
    """The same spec without the settings for which Envoy Gateway has no way."""
    if isinstance(content, list):
        return [_supported(each) for each in content]
    if not isinstance(content, dict):
        return content
    if "certManager" in content:
        return {"issuer": "self-signed"}
    kept = {}
    for key, value in content.items():
        if key == "verifyDepth" or key.startswith(_NGINX):
            continue
        if (key, value) == ("pathType", "ImplementationSpecific"):
            continue
        kept[key] = _supported(value)
    return kept
