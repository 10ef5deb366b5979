"""Kinds of set-ups: what `auth-tls-*` and its Secrets say."""

from __future__ import annotations

from .maker import Maker, Path
from .material import BUNDLES, LISTS

WORDS = ("on", "off", "optional", "optional_no_ca", "true", "On", "")
DEPTHS = ("0", "1", "2", "3", "+2", "abc", "2.0", "")
NAMES = (
    # The strict form: the first alternative never matches, and makes the second one pass the controller.
    "CN=$.|^CN=(alice|bob)(,|$)",
    "CN=$.|^CN=(carol)(,|$)",
    "CN=$.|^CN=(nobody[.]test)(,|$)",
    "CN=alice",
    "CN=(alice|bob)",
    "CN=ali",
    "CN=alice$",
    "CN=alice,O=Example$",
    "CN=(a|b|)",
    "CN=.*",
    "CN=al.ce",
)
#: What the controller does not take: the Ingress does not exist for it.
_DROPPED = (
    ("auth-tls-match-cn", "^CN=alice"),
    ("auth-tls-match-cn", "alice"),
    ("auth-tls-match-cn", "CN=(alice"),
    ("auth-tls-pass-certificate-to-upstream", "yes"),
    ("auth-tls-pass-certificate-to-upstream", "1"),
    ("auth-tls-error-page", "https://errors.test/?a=b"),
    ("auth-tls-secret", "a b/c;d"),
    ("auth-tls-secret", "{}"),
)
_PAGES = ("https://errors.test/page", "http://errors.test/", "/page", "/api", "errors.test/page", "")
_PART: tuple[Path, ...] = (("Prefix", "/api"),)


def policies(maker: Maker) -> None:
    """Some Ingresses of one host, each with a policy of its own."""
    host = maker.name("one")
    for number in range(maker.choices.number(2, 3)):
        notes = _policy(maker)
        paths: tuple[Path, ...] = (("Prefix", ("/", "/api", "/api/v1")[number]),)
        maker.ingress(host, notes, paths=paths, older=maker.choices.chance(0.5))


def words(maker: Maker) -> None:
    """Every value of verify-client."""
    for number, word in enumerate(maker.choices.some(WORDS, 3, least=3)):
        maker.ingress(maker.name(f"w{number}"), maker.auth(verify_client=word))


def forms(maker: Maker) -> None:
    """Secrets in every form."""
    for number, form in enumerate(maker.choices.some(maker.secrets.forms, 4, least=4)):
        notes = {"auth-tls-secret": maker.secrets.form(form)}
        maker.ingress(maker.name(f"f{number}"), notes | _strict(maker))


def form_beside(maker: Maker) -> None:
    """A Secret in any form, and another Ingress of the host."""
    host = maker.name("one")
    notes = {"auth-tls-secret": maker.secrets.form(maker.choices.one(maker.secrets.forms))}
    older = maker.choices.chance(0.5)
    maker.ingress(host, notes, older=older)
    maker.ingress(host, _policy(maker), paths=_PART, older=not older)


def depths(maker: Maker) -> None:
    """Depths of chains."""
    for number, depth in enumerate(maker.choices.some(DEPTHS, 3, least=2)):
        bundle = maker.choices.one(("high", "high", "all", "two"))
        maker.ingress(maker.name(f"d{number}"), maker.auth(bundle, verify_depth=depth))


def bundles(maker: Maker) -> None:
    """Bundles of roots, intermediates and leaves."""
    for number, bundle in enumerate(maker.choices.some(tuple(BUNDLES), 3, least=3)):
        depth = maker.choices.one(("1", "2"))
        maker.ingress(maker.name(f"b{number}"), maker.auth(bundle, verify_depth=depth))


def names(maker: Maker) -> None:
    """Names of clients, in the strict form and others."""
    for number, pattern in enumerate(maker.choices.some(NAMES, 3, least=3)):
        word = maker.choices.one(("on", "on", "optional", "optional_no_ca", "off"))
        maker.ingress(maker.name(f"n{number}"), maker.auth(match_cn=pattern, verify_client=word, verify_depth="2"))
    if maker.choices.chance(0.5):
        # Without an authority, and so without a certificate.
        maker.ingress(maker.name("n9"), {"auth-tls-match-cn": maker.choices.one(NAMES)})


def pages(maker: Maker) -> None:
    """Pages for those who are refused."""
    for number, page in enumerate(maker.choices.some(_PAGES, 3, least=2)):
        word = maker.choices.one(("on", "on", "optional"))
        paths: tuple[Path, ...] = (("Prefix", "/"), ("Prefix", "/page"))
        notes = maker.auth(error_page=page, verify_client=word) | _strict(maker)
        maker.ingress(maker.name(f"e{number}"), notes, paths=paths)


def lists(maker: Maker) -> None:
    """Lists of what is revoked: complete and incomplete."""
    for number, name in enumerate(maker.choices.some(tuple(LISTS), 3, least=3)):
        bundle = maker.choices.one(("high", "high", "two"))
        notes = maker.auth(verify_depth="2", verify_client=maker.choices.one(("on", "on", "optional_no_ca")))
        maker.ingress(maker.name(f"l{number}"), notes | {"auth-tls-secret": maker.secrets.of(bundle, name)})


def dropped(maker: Maker) -> None:
    """Values that the controller does not take, alone and beside another Ingress of the host."""
    for number, (key, text) in enumerate(maker.choices.some(_DROPPED, 3, least=2)):
        host = maker.name(f"x{number}")
        maker.ingress(host, maker.auth() | {key: text})
        if maker.choices.chance(0.5):
            maker.ingress(host, _policy(maker), paths=_PART, older=maker.choices.chance(0.5))


def halves(maker: Maker) -> None:
    """Annotations that mean something beside `auth-tls-secret` only, and no such one."""
    maker.ingress(maker.name("h0"), {"auth-tls-verify-client": "on", "auth-tls-verify-depth": "2"})
    host = maker.name("h1")
    maker.ingress(host, {"auth-tls-verify-client": maker.choices.one(WORDS)}, older=True)
    maker.ingress(host, _policy(maker), paths=_PART)


def namespaces(maker: Maker) -> None:
    """A host of Ingresses in two namespaces."""
    host = maker.name("one")
    older = maker.choices.chance(0.5)
    maker.ingress(host, _policy(maker), older=older)
    first, second = maker.setup.namespaces
    # A Secret of another namespace is not read.
    notes = _policy(maker, maker.choices.one((first, second, second)))
    maker.ingress(host, notes, paths=_PART, older=not older, namespace=second)


def _policy(maker: Maker, namespace: str | None = None) -> dict[str, str]:
    """What one Ingress may say."""
    word = maker.choices.one((None, "on", "on", "off", "optional", "optional_no_ca", "true"))
    if word is None:
        return {}
    bundle = maker.choices.one(("high", "high", "other", "two"))
    return maker.auth(bundle, namespace=namespace, verify_client=word) | _strict(maker)


def _strict(maker: Maker) -> dict[str, str]:
    """Names of clients, now and then."""
    return maker.choices.maybe(0.2, **{"auth-tls-match-cn": maker.choices.one(NAMES[:3])})
