"""Enforcement: mistakes that mtlsgen refuses.

Each is in manifests of mtlsgen's, patched afterwards: what the controllers make of it, most of it without
a message to the user who applied it, and that mtlsgen prints nothing when the same patch is part of the spec.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ask import Answer, ask
from ..controllers import controller, the_backend
from ..enforcement.answers import (
    COUNTERPARTS,
    NOTHING_SENT,
    SERVED,
    Answered,
    Answers,
    NoHandshake,
    Served,
    becomes,
    differing,
)
from ..enforcement.scene import ask_host
from ..enforcement.spoiled import Mistake, Spoiled, annotation, applied, refused
from ..registry import case
from ..world import World

#: nginx closes the host, Traefik does not know it.
_CLOSED = differing(Answered(403), Answered(404))


@dataclass(frozen=True)
class Row:
    """A mistake, and which clients are admitted because of it."""

    name: str
    mistake: Mistake
    #: For a client without a certificate.
    nothing: Answers
    #: For the client who was meant; None: served, as ever.
    alice: Answers | None = None
    #: By plain HTTP; None: redirected or refused, as ever.
    plain: Answers | None = None
    #: For another client of the same authority, where alice alone was meant.
    other: Answers | None = None


#: A host as it should be: when it is served, all of them have been read.
_UNTOUCHED = Mistake("untouched", "Ingress", [])

_ROWS = (
    Row(
        "without auth-tls-secret",
        Mistake("no-secret", "Ingress", [annotation("remove", "auth-tls-secret")]),
        SERVED,
    ),
    Row(
        "auth-tls-secret of an empty variable",
        Mistake("empty-secret", "Ingress", [annotation("replace", "auth-tls-secret", "")]),
        differing(Served(), Answered(404)),
        differing(Served(), Answered(404)),
    ),
    Row(
        "auth-tls-secret without a namespace",
        Mistake(
            "bare-name", "Ingress", [annotation("replace", "auth-tls-secret", "bare-name-spoiled-test-tls-cacert")]
        ),
        _CLOSED,
        _CLOSED,
    ),
    Row(
        "auth-tls-secret that does not exist",
        Mistake("missing", "Ingress", [annotation("replace", "auth-tls-secret", "spoiled/nowhere")]),
        _CLOSED,
        _CLOSED,
    ),
    Row(
        "verification switched off",
        Mistake("off", "Ingress", [annotation("replace", "auth-tls-verify-client", "off")]),
        SERVED,
    ),
    Row(
        "the Secret has a key pair and no ca.crt",
        Mistake("no-authority", "Secret", [{"op": "remove", "path": "/data/ca.crt"}], key_pair=True),
        differing(Served(), Answered(404)),
        differing(Served(), Answered(404)),
    ),
    Row(
        "the Secret has ca.pem in place of ca.crt",
        Mistake("other-key", "Secret", [{"op": "move", "from": "/data/ca.crt", "path": "/data/ca.pem"}]),
        _CLOSED,
        _CLOSED,
    ),
    Row(
        "ca.crt is not a certificate",
        Mistake("garbage", "Secret", [{"op": "replace", "path": "/data/ca.crt", "value": "AAAA"}]),
        differing(Answered(403), NoHandshake()),
        differing(Answered(403), NoHandshake()),
    ),
    Row(
        "without the redirect",
        Mistake(
            "no-redirect",
            "Ingress",
            [annotation("remove", "force-ssl-redirect"), annotation("add", "ssl-redirect", "false")],
        ),
        NOTHING_SENT,
        plain=SERVED,
    ),
    Row(
        "auth-tls-match-cn without anchors",
        Mistake(
            "no-anchors", "Ingress", [annotation("replace", "auth-tls-match-cn", "CN=alice")], {"allow": ["alice"]}
        ),
        NOTHING_SENT,
        other=SERVED,
    ),
    Row(
        "auth-tls-error-page that is a path",
        Mistake("error-path", "Ingress", [annotation("add", "auth-tls-error-page", "/no-certificate")]),
        differing(Served(), NoHandshake()),
    ),
    Row(
        "a default backend in place of paths",
        Mistake(
            "no-paths",
            "Ingress",
            [
                {"op": "remove", "path": "/spec/rules/0/http"},
                {
                    "op": "add",
                    "path": "/spec/defaultBackend",
                    "value": {"service": {"name": "app-no-paths", "port": {"number": 80}}},
                },
            ],
        ),
        differing(Served(), NoHandshake()),
    ),
)


def _register(row: Row) -> None:
    @case(row.name, COUNTERPARTS)
    def judged(world: World) -> None:
        mistakes = [*(each.mistake for each in _ROWS), _UNTOUCHED]
        spoiled = world.run.share("spoiled", applied(world.run, mistakes))
        _Asking(world, spoiled, _UNTOUCHED).becomes(SERVED, "alice")
        asking = _Asking(world, spoiled, row.mistake)
        asking.becomes(row.alice or SERVED, "alice")
        asking.becomes(row.nothing, None)
        if row.other:
            asking.becomes(row.other, "alice-admin")
        if row.plain:
            row.plain[world.counterpart].check(asking.plainly(), asking.marker)
        else:
            assert asking.marker not in asking.plainly().body
        words = refused(row.mistake, spoiled.projects[row.mistake.name])
        assert "error[host-unprotected]" in words or "error[host-locked-out]" in words, words


class _Asking:
    """The host of one mistake."""

    def __init__(self, world: World, spoiled: Spoiled, mistake: Mistake) -> None:
        self._world = world
        self._spoiled = spoiled
        self._mistake = mistake
        self._controller = controller(world.run, world.counterpart)
        self.marker = the_backend(world.run).marker

    def becomes(self, answers: Answers, client: str | None) -> None:
        """Waits until that is the answer."""
        becomes(answers[self._world.counterpart], lambda: self._ask(client), self.marker)

    def plainly(self) -> Answer:
        """Asks by plain HTTP."""
        at, url = self._controller, f"http://{self._mistake.host}/"
        return at.answer(lambda: ask(self._world.network, url, at=at.http))

    def _ask(self, client: str | None) -> Answer:
        shown = self._spoiled.identity(self._mistake, client) if client else None
        authority = self._spoiled.projects[self._mistake.name].certificate("cas/servers")
        return ask_host(self._world.network, self._controller, self._mistake.host, authority, shown)


for _row in _ROWS:
    _register(_row)
