"""Generated doors.

The same as `tests/e2e/hunt`, for a moment: clients that the spec admits reach the spec's service, and no others
reaches any.
"""

from __future__ import annotations

from contextlib import suppress

from ..enforcement.answers import COUNTERPARTS
from ..hunt.batch import Batch, render_all, serve_batch, withdraw
from ..hunt.finds import Count, judge
from ..hunt.ground import ground
from ..hunt.hunt import Hunt, described
from ..processes import NotReady, wait_until
from ..registry import case
from ..specs.doors import Doors, generate_doors
from ..world import World

_SEED = 20_261_129
#: More than half of them are refused.
_COUNT = 20
_CLOSED = "nginx.ingress.kubernetes.io/auth-tls-secret"


@case("generated doors are open to the intended clients", counterparts=COUNTERPARTS)
def doors_are_as_their_specs_say(world: World) -> None:
    """Names, paths, aliases, bundles and neighbours that controllers have been seen to confuse."""
    where = ground(world.run, world.counterpart)
    hunt = Hunt(where, _SEED, shrink=False)
    finds = hunt.batch([generate_doors(_SEED, number, where.roots) for number in range(_COUNT)])
    assert hunt.tally.accepted >= _COUNT // 4, f"most were refused: {hunt.tally.refused}"
    assert not finds, f"{len(finds)} wrong answers; the first:\n{described(finds[0].kind, finds[0])}"


@case("a door that was left open is found", counterparts=COUNTERPARTS)
def an_open_door_is_found(world: World) -> None:
    """An Ingress loses its annotation, another one leads to another service."""
    where = ground(world.run, world.counterpart)
    batch = Batch(render_all(where, world.scratch / "specs", [_doors()]))
    for each in batch.accepted[0].objects:
        if each["metadata"]["name"] == "opened":
            del each["metadata"]["annotations"][_CLOSED]
        if each["metadata"]["name"] == "misled":
            each["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "other"
        if each["metadata"]["name"] == "shut":
            each["spec"]["rules"][0]["host"] = "elsewhere.hunt.test"
    world.defer(lambda: withdraw(where, batch))
    serve_batch(where, batch)
    wanted = {("weaker", "opened"), ("detour", "opened"), ("misrouted", "misled"), ("locked out", "shut")}

    def found() -> set[tuple[str, str]]:
        finds = judge(where, batch, Count())
        return {(each.kind, each.question.host.partition(".")[0]) for each in finds if each.question}

    # Workers of the configuration before may answer for a moment after a reload.
    with suppress(NotReady):
        wait_until(lambda: found() == wanted, 20, "what was spoilt is found, and nothing else")
    last = found()
    assert last == wanted, f"expected {sorted(wanted)}, found {sorted(last)}"


def _doors() -> Doors:
    """A host of each kind that the case spoils, and one that it leaves alone."""
    name = "spoilt"
    host = {"service": "web", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]}}
    hosts = {f"{each}.{name}.hunt.test": {**host, "ingressName": each} for each in ("opened", "misled", "shut", "fine")}
    content = {
        "namespace": f"{name}-shop",
        "cas": {"clients": {}},
        "clients": {"clients-0": {"issuer": "clients"}},
        "services": {each: {"image": "httpd", "port": 80, "containerPort": 8090} for each in ("web", "other")},
        "hosts": hosts,
    }
    return Doors(name, "render", content, [f"{name}-shop"])
