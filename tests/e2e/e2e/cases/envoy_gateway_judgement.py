"""Kubernetes' judgement of what is rendered for Envoy Gateway.

By the kinds as Envoy Gateway's chart installs them: no unknown field, and no rule of theirs that is broken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..cluster import as_list
from ..compare import differences, fixed_versions, identity, server_filled
from ..envoy_gateway import resources
from ..envoy_gateway.deployment import TARGET
from ..parts import ROOT
from ..program import Object, Project
from ..registry import case
from ..specs import GeneratedSpec, Material, generate
from ..world import World

_SEED = 20_240_611
_COUNT = 60
#: As many as the machine has cores, on small ones.
_AT_ONCE = 2
#: How many of the generated specs have to be accepted as they are; all of them, without what the target refuses.
_LEAST_ACCEPTED = 5
_CODE = re.compile(r"^error\[([a-z-]+)\]", re.MULTILINE)
_TARGET = ["--set", f'target="{TARGET}"']
#: With these alone the target has no way.
_REFUSED = {"unsupported"}
#: Settings of client authentication that Envoy Gateway does not have.
_AUTH = ("allow", "verifyDepth")
_NGINX = "nginx.ingress.kubernetes.io/"


@dataclass(frozen=True)
class _Judged:
    """A spec's objects, or why there are none."""

    name: str
    objects: list[Object]
    refused: tuple[str, ...]
    words: str


@case("generated specs, for Envoy Gateway", ["kubernetes"])
def generated(world: World) -> None:
    """Each is refused by a named rule, or accepted; applied twice, nothing changes."""
    judged = _judged(world, "as-they-are", lambda content: content)
    codes = Counter(code for each in judged for code in set(each.refused))
    accepted = [each for each in judged if not each.refused]
    print(f"        {len(accepted)} of {len(judged)} accepted; refused: {dict(codes.most_common())}")
    for each in judged:
        # Without a code, it is not a refusal.
        assert each.objects or each.refused, f"{each.name}: {each.words}"
    assert set(codes) <= _REFUSED, {each.name: each.words for each in judged if set(each.refused) - _REFUSED}
    assert len(accepted) >= _LEAST_ACCEPTED, codes
    _accepted_and_unchanged_by_a_second_time(world, accepted)


@case("generated specs without what Envoy Gateway cannot do", ["kubernetes"])
def without_unsupported(world: World) -> None:
    """All of them are accepted."""
    judged = _judged(world, "supported", _supported)
    refused = {each.name: each.words for each in judged if each.refused or not each.objects}
    assert not refused, refused
    _accepted_and_unchanged_by_a_second_time(world, judged)


@case("examples, for Envoy Gateway", ["kubernetes"])
def examples(world: World) -> None:
    """Those that it can do are accepted, the others are refused by a named rule."""
    resources.kinds(world.run)
    world.cluster.create("my-namespace", "shop", "reporting")
    refused = {}
    for name in sorted(path.name for path in (ROOT / "examples").iterdir() if list(path.glob("mtls.*"))):
        judged = _judge(name, world.example(name))
        if judged.refused:
            refused[name] = set(judged.refused)
            continue
        assert judged.objects, f"{name}: {judged.words}"
        # The stages of one example are one set of objects.
        world.defer(lambda objects=judged.objects: _delete(world, objects))
        _accepted_and_unchanged_by_a_second_time(world, [judged])
    unsupported = dict.fromkeys(("argo-cd", "cert-manager", "protected-among-public"), {"unsupported"})
    assert refused == unsupported, refused


def _judged(world: World, title: str, changed: Any) -> list[_Judged]:
    resources.kinds(world.run)
    folder = world.scratch / title
    folder.mkdir()
    specs = generate(_SEED, _COUNT, Material(folder / "material"))
    world.cluster.create(*(namespace for spec in specs for namespace in spec.namespaces))

    def judge(spec: GeneratedSpec) -> _Judged:
        return _judge(spec.name, Project.with_spec(world.program, folder / spec.name, changed(spec.content)))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(judge, specs))


def _judge(name: str, project: Project) -> _Judged:
    command = ["render", "--check", *_TARGET]
    del command[1]
    try:
        objects = project.listed(*_TARGET)
    except AssertionError as error:
        return _Judged(name, [], tuple(_CODE.findall(str(error))), str(error))
    return _Judged(name, objects, (), "")
