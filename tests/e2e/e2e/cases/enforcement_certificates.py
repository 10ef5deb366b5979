"""Enforcement: which certificates let in."""

from __future__ import annotations

from dataclasses import dataclass

from ..enforcement.answers import COUNTERPARTS, NOT_ACCEPTED, NOTHING_SENT, SERVED, Answered, Answers, Served, differing
from ..enforcement.scene import Door
from ..enforcement.spec import ERROR_PAGE
from ..registry import case
from ..world import World


@dataclass(frozen=True)
class Row:
    """One request, and what becomes of it."""

    name: str
    host: str
    #: Whose certificate is shown; None: none is.
    identity: str | None
    answers: Answers
    #: Why the controllers differ, where they do.
    because: str = ""


_ROWS = (
    Row("no certificate", "protected", None, NOTHING_SENT),
    Row("the right certificate", "protected", "alice", SERVED),
    Row("another authority of the same name", "protected", "stranger", NOT_ACCEPTED),
    Row("expired", "protected", "expired", NOT_ACCEPTED),
    Row("not yet valid", "protected", "not yet valid", NOT_ACCEPTED),
    Row("for servers only", "protected", "for servers only", NOT_ACCEPTED),
    Row("two intermediates, sent", "chain", "deep", SERVED),
    Row("two intermediates, in the bundle instead", "chain", "deep, alone", SERVED),
    Row("an intermediate, sent", "root-alone", "brief", SERVED),
    Row("an intermediate, in the bundle of its root", "root-alone", "brief, alone", SERVED),
    Row(
        "verifyDepth below the chain's",
        "shallow",
        "deep",
        differing(NOT_ACCEPTED["ingress-nginx"], Served()),
        "Traefik does not read auth-tls-verify-depth",
    ),
    Row("two authorities: no certificate", "two", None, NOTHING_SENT),
    Row("two authorities: of the first", "two", "alice", SERVED),
    Row("two authorities: of the second", "two", "partner", SERVED),
    Row("two authorities: of a third", "two", "deep", NOT_ACCEPTED),
    Row("the second alone is a stranger elsewhere", "protected", "partner", NOT_ACCEPTED),
    Row("an existing Secret: no certificate", "existing", None, NOTHING_SENT),
    Row("an existing Secret: the right certificate", "existing", "alice", SERVED),
    Row("an existing Secret: a stranger", "existing", "stranger", NOT_ACCEPTED),
    Row("optional: no certificate", "optional", None, SERVED),
    Row("optional: the right certificate", "optional", "alice", SERVED),
    Row("optional: a stranger", "optional", "stranger", NOT_ACCEPTED),
    Row("optional: expired", "optional", "expired", NOT_ACCEPTED),
    Row("optional_no_ca: no certificate", "optional-no-ca", None, SERVED),
    Row("optional_no_ca: the right certificate", "optional-no-ca", "alice", SERVED),
    Row("optional_no_ca: a stranger", "optional-no-ca", "stranger", SERVED),
    Row(
        "optional_no_ca: expired",
        "optional-no-ca",
        "expired",
        differing(NOT_ACCEPTED["ingress-nginx"], Served()),
        "nginx tolerates an unknown issuer alone, Traefik every fault",
    ),
    Row("off: no certificate", "off", None, SERVED),
    Row("off: a stranger", "off", "stranger", SERVED),
    Row("open: no certificate", "open", None, SERVED),
    Row("open: a stranger", "open", "stranger", SERVED),
)


def _register(row: Row) -> None:
    @case(row.name, COUNTERPARTS)
    def judged(world: World) -> None:
        Door(world).expect(row.answers[world.counterpart], row.host, row.identity)


for _row in _ROWS:
    _register(_row)


@case("TLS 1.2", COUNTERPARTS)
def tls_1_2(world: World) -> None:
    """The client's certificate is asked for in another place of the handshake."""
    door = Door(world)
    flags = ["--tls-max", "1.2"]
    door.expect(NOTHING_SENT[world.counterpart], "protected", None, flags=flags)
    door.expect(NOT_ACCEPTED[world.counterpart], "protected", "stranger", flags=flags)
    door.expect(Served(), "protected", "alice", flags=flags)


@case("errorPage", COUNTERPARTS)
def error_page(world: World) -> None:
    """Refused clients are sent there; Traefik does not read auth-tls-error-page, and refuses as ever."""
    door = Door(world)
    for identity in (None, "stranger"):
        refused = NOTHING_SENT if identity is None else NOT_ACCEPTED
        answers = differing(Answered(302, f"Location: {ERROR_PAGE}"), refused["traefik"])
        door.expect(answers[world.counterpart], "errors", identity, flags=["--include"])
    door.expect(Served(), "errors", "alice")
