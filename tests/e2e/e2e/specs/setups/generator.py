"""Makes set-ups of every kind, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..choices import Choices
from . import added, custom, gates, mixed, routes, trust
from .maker import Maker
from .material import Material
from .setup import Setup

#: Adds to a set-up; its name is what the set-up is about.
Kind = Callable[[Maker], None]

#: For every controller that reads Ingresses.
KINDS: tuple[Kind, ...] = (
    trust.policies,
    trust.words,
    trust.forms,
    trust.form_beside,
    trust.depths,
    trust.bundles,
    trust.names,
    trust.pages,
    trust.lists,
    trust.dropped,
    trust.halves,
    trust.namespaces,
    routes.wildcards,
    routes.aliases,
    routes.without_paths,
    routes.default_alone,
    routes.default_beside,
    routes.without_host,
    routes.redirects,
    routes.redirect_beside,
    routes.sections,
    routes.paths,
    routes.paths_twice,
    routes.expressions,
    routes.canaries,
    routes.classes,
    mixed.mixed,
    added.notes_beside,
    added.composed_names,
)
#: The same for Traefik, and those with objects of its own kinds.
TRAEFIK_KINDS: tuple[Kind, ...] = (
    *KINDS,
    custom.beside,
    custom.settings,
    custom.both,
    custom.rules,
    custom.names_meet,
    custom.priorities,
    custom.several_hosts,
    added.connections,
    added.detached,
)
#: For controllers that read Gateways.
GATE_KINDS: tuple[Kind, ...] = (
    gates.clients.anchors,
    gates.clients.references,
    gates.clients.modes,
    gates.clients.lists,
    gates.clients.lists_of_leaves,
    gates.clients.list_references,
    gates.clients.names,
    gates.clients.hashes,
    gates.clients.old_ones,
    gates.clients.frontends,
    gates.policies.ages,
    gates.policies.sections,
    gates.policies.mistakes,
    gates.policies.selectors,
    gates.policies.several_targets,
    gates.policies.forwarding,
    gates.listeners.wildcards,
    gates.listeners.nameless,
    gates.listeners.certificates,
    gates.listeners.ports,
    gates.listeners.protocols,
    gates.listeners.classes,
    gates.listeners.sets,
    gates.listeners.sets_of_others,
    gates.listeners.allowed_routes,
    gates.routes.hostnames,
    gates.routes.parents,
    gates.routes.paths,
    gates.routes.backends,
    gates.routes.redirects,
    gates.mixed.mixed,
)


def generate_setups(
    seed: int, numbers: Sequence[int], material: Material, kinds: Sequence[Kind] = KINDS
) -> list[Setup]:
    """The set-ups of these numbers; the kinds come round again and again."""
    return [_setup(Choices(f"setup {seed} {number}"), number, material, kinds) for number in numbers]


def _setup(choices: Choices, number: int, material: Material, kinds: Sequence[Kind]) -> Setup:
    make = kinds[number % len(kinds)]
    name = f"t{number:04}"
    setup = Setup(name, make.__name__, [name, f"{name}-b"])
    make(Maker(choices, setup, material))
    return setup
