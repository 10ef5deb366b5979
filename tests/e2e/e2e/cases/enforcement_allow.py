"""Enforcement: the list of those who may.

Traefik does not read `auth-tls-match-cn`: every client below the authority is admitted there, and a target of
ingress-nginx says so on its page.
"""

from __future__ import annotations

from ..enforcement.answers import COUNTERPARTS, NOT_ACCEPTED, NOTHING_SENT, Answered, Served, differing
from ..enforcement.scene import Door
from ..enforcement.spec import NEAR_MISSES, near_miss
from ..registry import case
from ..world import World

_NOT_ON_THE_LIST = differing(Answered(403, "client certificate unauthorized"), Served())


@case("allow: those on the list", COUNTERPARTS)
def on_the_list(world: World) -> None:
    """A plain name, one with a dot, and one with a comma."""
    for identity in ("alice", "api.example", "doe"):
        Door(world).expect(Served(), "allowed", identity)


@case("allow: no certificate, and strangers with a name on the list", COUNTERPARTS)
def not_verified(world: World) -> None:
    """What the authority did not sign does not come as far as the list."""
    door = Door(world)
    door.expect(NOTHING_SENT[world.counterpart], "allowed", None)
    for identity in ("stranger", "expired", "for servers only"):
        door.expect(NOT_ACCEPTED[world.counterpart], "allowed", identity)


def _register(title: str) -> None:
    @case(f"allow: {title}", COUNTERPARTS)
    def near_miss_is_refused(world: World) -> None:
        door = Door(world)
        door.expect(_NOT_ON_THE_LIST[world.counterpart], "allowed", near_miss(title))
        # It is the list that makes the difference.
        door.expect(Served(), "protected", near_miss(title))


for _title in NEAR_MISSES:
    _register(_title)
