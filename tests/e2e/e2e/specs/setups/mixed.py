"""Set-ups in which everything meets."""

from __future__ import annotations

from .maker import Maker, Path
from .material import LISTS
from .routes import compatible
from .trust import DEPTHS, NAMES, WORDS

_PLACES = ("one", "one", "one", "two", "*", None)
_PATHS = ("/", "/api", "/api/v1", "/page")
_SWITCHES = ("ssl-redirect", "force-ssl-redirect", "use-regex")


def mixed(maker: Maker) -> None:
    """Some Ingresses of the same hosts, with all that they may say."""
    prefix = maker.choices.one(("Prefix", "ImplementationSpecific"))
    for number in range(maker.choices.number(2, 4)):
        place = maker.choices.one(_PLACES)
        # Every set-up's rules without a host are of one server.
        own = prefix if place else "Prefix"
        paths: list[Path] = [
            maker.choices.one(compatible(path, own)) for path in maker.choices.some(_PATHS, 2, least=1)
        ]
        notes = _annotations(maker, number)
        # A canary whose rule has no paths ends the controller by a panic.
        bare = maker.choices.chance(0.05) and "canary" not in notes
        maker.ingress(
            maker.name(place) if place else None,
            notes,
            paths=None if bare else paths,
            older=maker.choices.chance(0.5),
            tls=maker.choices.one((None, None, ())),
            default=maker.choices.chance(0.1),
            classes=maker.choices.one((("nginx", None),) * 6 + ((None, "nginx"), (None, None), ("other", None))),
        )
    maker.ask(maker.name("one"), maker.name("any"), maker.name("alias"), maker.name("alias-0"))


def _annotations(maker: Maker, number: int) -> dict[str, str]:
    choices = maker.choices
    notes = choices.maybe(0.7, **{"auth-tls-secret": _secret(maker)})
    notes |= choices.maybe(0.6, **{"auth-tls-verify-client": choices.one(WORDS)})
    notes |= choices.maybe(0.3, **{"auth-tls-verify-depth": choices.one(DEPTHS)})
    notes |= choices.maybe(0.2, **{"auth-tls-match-cn": choices.one(NAMES)})
    notes |= choices.maybe(0.15, **{"auth-tls-error-page": choices.one(("https://errors.test/page", "/page"))})
    notes |= choices.maybe(0.15, **{"server-alias": maker.name(choices.one(("alias", f"alias-{number}", "two")))})
    notes |= choices.maybe(0.3, **{choices.one(_SWITCHES): choices.one(("true", "false"))})
    return notes | choices.maybe(0.1, canary="true", **{"canary-weight": choices.one(("0", "100"))})


def _secret(maker: Maker) -> str:
    kind = maker.choices.number(0, 4)
    if kind == 0:
        return maker.secrets.form(maker.choices.one(maker.secrets.forms))
    if kind == 1:
        return maker.secrets.of("high", maker.choices.one(tuple(LISTS)))
    return maker.secrets.of(maker.choices.one(("high", "all", "two", "other")))
