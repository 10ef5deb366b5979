"""What people, charts and other tools change in manifests by mistake, one change after the other."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ..specs.choices import Choices
from ..specs.doors.words import ACME
from .spoilt import ONE, OPEN, TWO, Spoilt, ingress

#: Changes a spoilt spec, as the choices will have it.
Change = Callable[[Spoilt, Choices], None]

_PATH = "/spec/rules/0/http/paths/0"
_GARBAGE = base64.b64encode(b"nothing").decode()


def _annotated(name: str, value: str | None, on: str = ONE, **more: str | None) -> Change:
    notes = {name: value, **{key.replace("_", "-"): text for key, text in more.items()}}
    return lambda spoilt, _: spoilt.annotate(on, notes)


def _operated(kind: str, name: str, *operations: dict[str, Any]) -> Change:
    return lambda spoilt, _: spoilt.patch(kind, name, *operations)


def _bundle(make: Callable[[Spoilt], Mapping[str, str]]) -> Change:
    """Gives the Secret of the host other data: the whole of it."""

    def change(spoilt: Spoilt, _: Choices) -> None:
        data = dict(make(spoilt))
        spoilt.patch("Secret", spoilt.bundle(), {"op": "replace", "path": "/data", "value": data})

    return change


def _data(spoilt: Spoilt, name: str = ONE) -> dict[str, str]:
    return dict(spoilt.object("Secret", spoilt.bundle(name))["data"])


def _both(spoilt: Spoilt) -> dict[str, str]:
    texts = [base64.b64decode(_data(spoilt, name)["ca.crt"]) for name in (ONE, TWO)]
    return {**_data(spoilt), "ca.crt": base64.b64encode(b"".join(texts)).decode()}


def _pair(spoilt: Spoilt) -> dict[str, str]:
    """A server's key pair alone."""
    secret = spoilt.object("Ingress", ONE)["spec"]["tls"][0]["secretName"]
    pair = spoilt.object("Secret", secret)["data"]
    return {name: pair[name] for name in ("tls.crt", "tls.key")}


def _secret(of: Callable[[Spoilt], str]) -> Change:
    return lambda spoilt, _: spoilt.annotate(ONE, {"auth-tls-secret": of(spoilt)})


def _host(name: str, label: str) -> Change:
    """Gives an Ingress another host."""

    def change(spoilt: Spoilt, _: Choices) -> None:
        spoilt.patch("Ingress", name, {"op": "replace", "path": "/spec/rules/0/host", "value": spoilt.host(label)})

    return change


def _alias(on: str, label: str) -> Change:
    return lambda spoilt, _: spoilt.annotate(on, {"server-alias": spoilt.host(label)})


def _leads(name: str, service: str) -> Change:
    return _operated("Ingress", name, {"op": "replace", "path": f"{_PATH}/backend/service/name", "value": service})


def _default_backend(spoilt: Spoilt, _: Choices) -> None:
    backend = {"service": {"name": ONE, "port": {"number": 80}}}
    add = {"op": "add", "path": "/spec/defaultBackend", "value": backend}
    spoilt.patch("Ingress", ONE, {"op": "remove", "path": "/spec/rules/0/http"}, add)


def _rule_more(spoilt: Spoilt, _: Choices) -> None:
    """A rule of the host in the open Ingress."""
    backend = {"service": {"name": OPEN, "port": {"number": 80}}}
    paths = [{"path": "/more", "pathType": "Prefix", "backend": backend}]
    rule = {"host": spoilt.host(ONE), "http": {"paths": paths}}
    spoilt.patch("Ingress", OPEN, {"op": "add", "path": "/spec/rules/-", "value": rule})


def _other(notes: Callable[[Spoilt], Mapping[str, str]], *paths: str) -> Change:
    """An Ingress of others for the host: older, younger, alone and in a list."""

    def change(spoilt: Spoilt, choices: Choices) -> None:
        made = ingress(spoilt, f"other-{len(spoilt.changes)}", spoilt.host(ONE), notes(spoilt), path=choices.one(paths))
        (spoilt.older if choices.chance(0.5) else spoilt.younger).append(made)
        spoilt.is_list = spoilt.is_list or choices.chance(0.3)

    return change


def _asking(word: str, of: str = ONE) -> Callable[[Spoilt], Mapping[str, str]]:
    return lambda spoilt: {
        "auth-tls-secret": f"{spoilt.name}/{spoilt.bundle(of)}",
        "auth-tls-verify-client": word,
    }


#: By name: what no change is, too. Most of them weaken the host or lock its clients out; some do nothing.
CHANGES: Mapping[str, Change] = {
    "nothing": lambda *_: None,
    "no auth-tls-secret": _annotated("auth-tls-secret", None),
    "an empty auth-tls-secret": _annotated("auth-tls-secret", ""),
    "a Secret without namespace": _secret(lambda spoilt: spoilt.bundle()),
    "a missing Secret": _secret(lambda spoilt: f"{spoilt.name}/missing"),
    "the Secret of another host": _secret(lambda spoilt: f"{spoilt.name}/{spoilt.bundle(TWO)}"),
    "off": _annotated("auth-tls-verify-client", "off"),
    "optional": _annotated("auth-tls-verify-client", "optional"),
    "optional_no_ca": _annotated("auth-tls-verify-client", "optional_no_ca"),
    "another word": _annotated("auth-tls-verify-client", "always"),
    "deep": _annotated("auth-tls-verify-depth", "9"),
    "depth 0": _annotated("auth-tls-verify-depth", "0"),
    "every name": _annotated("auth-tls-match-cn", "CN=.*"),
    "a name without anchors": _annotated("auth-tls-match-cn", "CN=alice"),
    "no name": _annotated("auth-tls-match-cn", "CN=$.|^(CN=nobody)$"),
    "a page of the host": _annotated("auth-tls-error-page", "/sorry"),
    "a page elsewhere": _annotated("auth-tls-error-page", "https://errors.test/page"),
    "no redirect": _annotated("ssl-redirect", "false", force_ssl_redirect=None),
    "no forced redirect": _annotated("force-ssl-redirect", None),
    "FastCGI": _annotated("backend-protocol", "FCGI"),
    "no certificate for the Service": _annotated("auth-tls-pass-certificate-to-upstream", None),
    "a regular expression": _annotated("use-regex", "true"),
    "a rewrite": _annotated("rewrite-target", "/page"),
    "a canary": _annotated("canary", "true"),
    "an app root": _annotated("app-root", "/page"),
    "a redirect elsewhere": _annotated("permanent-redirect", "https://elsewhere.test"),
    "an annotation that does nothing": _annotated("proxy-body-size", "8m"),
    "the open host's alias": _alias(OPEN, ONE),
    "a free alias": _alias(ONE, "alias"),
    "an alias for all": _alias(OPEN, "*"),
    "no TLS section": _operated("Ingress", ONE, {"op": "remove", "path": "/spec/tls"}),
    "another class": _operated("Ingress", ONE, {"op": "replace", "path": "/spec/ingressClassName", "value": "other"}),
    "a wildcard": _host(ONE, "*"),
    "the open Ingress has the host": _host(OPEN, ONE),
    "the open Ingress leads there": _leads(OPEN, ONE),
    "the Ingress leads to another host's": _leads(ONE, TWO),
    "the Ingress leads to no Service": _leads(ONE, "missing"),
    "a default backend": _default_backend,
    "a rule more": _rule_more,
    "another path": _operated("Ingress", ONE, {"op": "replace", "path": f"{_PATH}/path", "value": "/page"}),
    "Exact": _operated("Ingress", ONE, {"op": "replace", "path": f"{_PATH}/pathType", "value": "Exact"}),
    "no ca.crt": _bundle(lambda _: {}),
    "ca.pem": _bundle(lambda spoilt: {"ca.pem": _data(spoilt)["ca.crt"]}),
    "garbage": _bundle(lambda spoilt: {**_data(spoilt), "ca.crt": _GARBAGE}),
    "a key pair": _bundle(_pair),
    "another authority": _bundle(lambda spoilt: {**_data(spoilt), "ca.crt": _data(spoilt, TWO)["ca.crt"]}),
    "one authority more": _bundle(_both),
    "no lists": _bundle(lambda spoilt: {"ca.crt": _data(spoilt)["ca.crt"]}),
    "the other's lists": _bundle(lambda spoilt: {**_data(spoilt), "ca.crl": _data(spoilt, TWO).get("ca.crl", "")}),
    "an Ingress that asks for nothing": _other(lambda _: {}, "/", "/more"),
    "an Ingress that is off": _other(_asking("off"), "/", "/more"),
    "an Ingress that asks for the same": _other(_asking("on"), "/", "/more"),
    "an Ingress of another authority": _other(_asking("on", TWO), "/", "/more"),
    "an Ingress without redirect": _other(lambda _: {"ssl-redirect": "false"}, "/more", f"{ACME}/token"),
    "an Ingress of an alias": _other(lambda spoilt: {"server-alias": spoilt.host("alias")}, "/more"),
}
