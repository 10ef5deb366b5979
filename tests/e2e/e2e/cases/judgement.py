"""Kubernetes' own judgement, and that of ingress-nginx's admission webhook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ..cluster import as_list
from ..compare import differences, fixed_versions, identity, server_filled
from ..controllers.judge import admitted
from ..parts import ROOT
from ..program import Object, Project
from ..registry import case
from ..specs import GeneratedSpec, Material, generate
from ..world import Run, World

_SEED = 20_240_611
_COUNT = 240
#: kubectl lets 300 requests through at once and slows down then; so many specs stay below that.
_SPECS_AT_ONCE = 24
#: As many as the machine has cores, on small ones.
_AT_ONCE = 2


@dataclass(frozen=True)
class Rendered:
    """A spec's manifests as they were printed, and as objects."""

    name: str
    manifests: str
    objects: list[Object]


_JUDGES = ("kubernetes", "ingress-nginx")


@case("examples are accepted", _JUDGES)
def examples_are_accepted(world: World) -> None:
    """Strictly validated and whole; applied twice, nothing changes. The webhook admits every Ingress."""
    world.cluster.create("my-namespace", "shop", "reporting")
    # The kinds of Envoy Gateway are judged with it.
    names = [name for name in example_names() if name != "envoy-gateway"]
    assert len(names) >= 7, f"only {names} were found"
    # One after the other, because the stages of one example are one set of objects.
    for name in names:
        batch = [rendered_twice(name, world.example(name))]
        if world.counterpart == "ingress-nginx":
            admitted(world, batch[0].objects)
            continue
        # They are of the class that controllers serve, and no host of them is to be served here.
        world.defer(partial(delete, world, batch))
        accepted_and_unchanged(world, [batch])


@case("generated specs are accepted", _JUDGES)
def generated_specs_are_accepted(world: World) -> None:
    """Everything that a spec can say, with hostile texts wherever a text is free."""
    rendered = world.run.share("generated specs", _generated)
    batches = [rendered[at : at + _SPECS_AT_ONCE] for at in range(0, len(rendered), _SPECS_AT_ONCE)]
    if world.counterpart == "kubernetes":
        accepted_and_unchanged(world, batches)
        return
    for batch in batches:
        admitted(world, list(_objects([batch])))


@contextmanager
def _generated(run: Run) -> Iterator[list[Rendered]]:
    """All of them, rendered; their namespaces are there."""
    folder = run.scratch / "generated"
    folder.mkdir()
    specs = generate(_SEED, _COUNT, Material(folder / "material"))
    run.cluster.create(*(namespace for spec in specs for namespace in spec.namespaces))

    def render(spec: GeneratedSpec) -> Rendered:
        return rendered_twice(spec.name, Project.with_spec(run.program, folder / spec.name, spec.content))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield list(pool.map(render, specs))


def example_names() -> list[str]:
    """The examples that have a spec."""
    return sorted(path.name for path in (ROOT / "examples").iterdir() if list(path.glob("mtls.*")))


def rendered_twice(name: str, project: Project, flags: Sequence[str] = ()) -> Rendered:
    """What a project prints, with these flags of `render`, as text and as objects."""
    # Written as YAML for kubectl, as JSON for us: two ways that must mean the same.
    manifests = project.render(*flags)
    return Rendered(name, manifests, project.listed("--locked", *flags))


def accepted_and_unchanged(world: World, batches: Sequence[Sequence[Rendered]]) -> None:
    """The API server stores what was rendered as it was meant; applied a second time, nothing changes."""
    _apply(world, batches)
    if any(each["kind"] == "Gateway" for each in _objects(batches)):
        # Its definition has a default for its status, which the second application stores.
        _apply(world, batches)
    stored = _stored(world, batches)
    for wanted in _objects(batches):
        found = stored.get(identity(wanted))
        assert found is not None, f"{identity(wanted)} was applied, and is not there"
        wrong = differences(wanted, server_filled(found))
        assert not wrong, f"{identity(wanted)} is stored as something else:\n" + "\n".join(wrong)
    _apply(world, batches)
    before, after = fixed_versions(stored), fixed_versions(_stored(world, batches))
    changed = [key for key in before if before[key] != after.get(key)]
    assert not changed, f"the second application changed {changed}"


def _apply(world: World, batches: Sequence[Sequence[Rendered]]) -> None:
    """Applies every batch with one kubectl each, and reads what that says."""

    def one(batch: Sequence[Rendered]) -> None:
        manifests = "\n---\n".join(each.manifests for each in batch)
        said = world.cluster.apply(manifests)
        assert not said.stderr, f"kubectl warned:\n{said.stderr}"
        applied = [line for line in said.stdout.splitlines() if line.endswith("serverside-applied")]
        wanted = sum(len(each.objects) for each in batch)
        assert len(applied) == wanted, f"{wanted} objects were rendered, {len(applied)} applied"

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(one, batches))


def _objects(batches: Sequence[Sequence[Rendered]]) -> Iterator[Object]:
    for batch in batches:
        for each in batch:
            yield from each.objects


def _stored(world: World, batches: Sequence[Sequence[Rendered]]) -> dict[str, Object]:
    kinds = sorted({each["kind"] for each in _objects(batches)})
    return {identity(each): each for each in world.cluster.objects(",".join(kinds))}


def delete(world: World, rendered: Sequence[Rendered]) -> None:
    """Takes the objects away again."""
    objects = [each for one in rendered for each in one.objects]
    world.cluster.kubectl("delete", "--wait=false", "--ignore-not-found", "-f", "-", stdin=as_list(objects))
