"""What mtlsgen renders for Envoy Gateway.

A host for each setting, asked by every kind of client; every answer is also what `mtlsgen access` says, of the spec and
of the objects in the cluster.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ..enforcement.answers import header_values
from ..envoy_gateway.deployment import NOT_FOUND, REDIRECTED
from ..envoy_gateway.rendered import (
    BELOW_WILDCARD,
    OF_OTHERS,
    PLAIN,
    Rendered,
    asked_hosts,
    host_name,
    namespace_of,
    rendered,
)
from ..envoy_gateway.said import UNKNOWN
from ..envoy_gateway.scene import REFUSED, SERVED
from ..registry import case
from ..world import World

_COUNTERPARTS = ["envoy-gateway"]
_HTTP_1, _HTTP_2 = ["--http1.1"], ["--http2"]
#: Nobody's address: curl sends no name of a host for it.
_NO_NAME = "203.0.113.1"

#: A client without a certificate, in sets of clients.
_NOBODY = None
#: Everyone, by the handshake alone.
_EVERYONE = "everyone"


@dataclass(frozen=True)
class Row:
    """A host, and whom it admits; all others are refused in the handshake."""

    name: str
    host: str
    admitted: frozenset[str | None] | str


def _row(name: str, host: str, *admitted: str | None) -> Row:
    return Row(name, host, frozenset(admitted))


_ROWS = (
    _row("an authority of its own", "protected", "alice"),
    _row("without its certificate to the service", "unforwarded", "alice"),
    _row("verify = optional", "optional", _NOBODY, "alice"),
    Row("verify = optional_no_ca", "optional-no-ca", _EVERYONE),
    Row("verify = off", "off", _EVERYONE),
    Row("clientAuth = false", "open", _EVERYONE),
    _row("two authorities", "two", "alice", "partner"),
    # An intermediate is an anchor: nothing else below its root is admitted, and clients need not send it.
    _row("an intermediate", "middle", "middle", "middle, alone"),
    _row("a root with intermediates below it", "root", "root", "middle", "sibling"),
    _row("a root with revoked clients", "listed-root", "listed-root", "listed-middle"),
    _row("an intermediate with a revoked client", "listed-middle", "listed-middle", "listed-middle, alone"),
    _row("verify = optional, with revoked clients", "optional-listed", _NOBODY, "listed-root", "listed-middle"),
    _row("a root with a revoked intermediate", "fallen-root", "standing"),
    _row("an existing Secret", "existing", "alice"),
    _row("an existing Secret of another namespace", "elsewhere", "alice"),
    *(_row(f"below a wildcard: {host}", host, "alice") for host in BELOW_WILDCARD),
    Row("an open host below a wildcard", "below.wild", _EVERYONE),
)


def _register(row: Row) -> None:
    @case(f"Envoy Gateway, {row.name}", _COUNTERPARTS)
    def judged(world: World) -> None:
        there = rendered(world.run)
        wrong = []
        for client in (None, *there.identities):
            is_admitted = row.admitted == _EVERYONE or client in row.admitted
            wrong += _wrong(there, row.host, client, SERVED if is_admitted else REFUSED)
        wrong += _wrong(there, row.host, None, REDIRECTED, plain=True)
        assert not wrong, "\n".join(wrong)


for _row_of in _ROWS:
    _register(_row_of)


def _wrong(there: Rendered, host: str, client: str | None, expected: str, plain: bool = False) -> list[str]:
    """What is not as expected: the answer, or what `mtlsgen access` says."""
    namespace = namespace_of(host)
    identity = there.identities[client] if client else None
    answer = there.deployment.ask(host_name(host), identity, plain=plain, namespace=namespace)
    seen = there.deployment.seen(answer)
    title = f"{host}, {client}{', plain HTTP' if plain else ''}"
    wrong = [] if seen == expected else [f"{title}: expected {expected}, got {answer}"]
    of_spec = there.of_spec.words(namespace, host_name(host), client, plain)
    of_cluster = there.of_cluster.words(namespace, host_name(host), client, plain)
    # The spec does not have the Secret; plain HTTP does not depend on it.
    is_known = plain or host not in OF_OTHERS
    if (seen not in of_spec) if is_known else of_spec != (UNKNOWN,):
        wrong.append(f"{title}: {seen}, and access says of the spec: {of_spec}")
    if seen not in of_cluster:
        wrong.append(f"{title}: {seen}, and access says of the cluster: {of_cluster}")
    return wrong


@case("Envoy Gateway, every row has its host", _COUNTERPARTS)
def complete(_: World) -> None:
    without = set(asked_hosts()) - {row.host for row in _ROWS} - {"optional-unforwarded"}
    assert not without, f"nobody asks {without}"


@case("Envoy Gateway, a host without TLS", _COUNTERPARTS)
def plain(world: World) -> None:
    """Served by plain HTTP, and by nothing else."""
    there = rendered(world.run)
    wrong = [*_wrong(there, PLAIN, None, SERVED, plain=True), *_wrong(there, PLAIN, "alice", REFUSED)]
    assert not wrong, "\n".join(wrong)


@case("Envoy Gateway, where plain HTTP leads", _COUNTERPARTS)
def redirected(world: World) -> None:
    """To the same path and query, with any method and whatever the request says of its scheme."""
    deployment = rendered(world.run).deployment
    host = host_name("protected")
    for more in ([], ["--head"], ["--request", "POST", "--data", "x"], ["--header", "X-Forwarded-Proto: https"]):
        flags = ["--include", *more]
        answer = deployment.expect(REDIRECTED, host, plain=True, path="/a/b?c=d", flags=flags)
        assert f"location: https://{host}/a/b?c=d\n" in answer.body.lower().replace("\r", ""), answer


@case("Envoy Gateway, the name of the handshake and the host differ", _COUNTERPARTS)
def apart(world: World) -> None:
    """Behind each listener there is its own host alone, by both versions of HTTP."""
    there = rendered(world.run)
    deployment, alice = there.deployment, there.identities["alice"]

    def asked(handshake: str, host: str, expected: str, version: list[str], certificate: bool = False) -> None:
        identity = alice if certificate else None
        headers = {"Host": host_name(host)}
        deployment.expect(expected, host_name(handshake), identity, headers=headers, flags=version)

    for version in (_HTTP_1, _HTTP_2):
        for open_host in ("open", "off", "optional", "optional-no-ca", "below.wild"):
            for protected in ("protected", "middle", "one.wild"):
                asked(open_host, protected, NOT_FOUND, version)
        asked("protected", "open", NOT_FOUND, version, certificate=True)
        asked("protected", "middle", NOT_FOUND, version, certificate=True)
        asked("protected", "middle", REFUSED, version)
        asked("one.wild", "protected", NOT_FOUND, version, certificate=True)


@case("Envoy Gateway, the absolute form names another host", _COUNTERPARTS)
def absolute(world: World) -> None:
    """The name in it counts, and is not served behind the listener of another host."""
    deployment = rendered(world.run).deployment
    for scheme in ("http", "https"):
        flags = ["--http1.1", "--request-target", f"{scheme}://{host_name('protected')}/"]
        deployment.expect(NOT_FOUND, host_name("open"), flags=flags)


@case("Envoy Gateway, a handshake without a name, or with nobody's", _COUNTERPARTS)
def nameless(world: World) -> None:
    """No listener takes it, whatever host it asks for."""
    there = rendered(world.run)
    for name in (_NO_NAME, "nobody.test", "rendered.test", "wild.rendered.test"):
        for host in ("protected", "open"):
            for identity in (None, there.identities["alice"]):
                there.deployment.expect(REFUSED, name, identity, headers={"Host": host_name(host)})
    there.deployment.expect(SERVED, host_name("protected"), there.identities["alice"])


@case("Envoy Gateway, a name in capitals", _COUNTERPARTS)
def capitals(world: World) -> None:
    """It is the same host."""
    there = rendered(world.run)
    name = host_name("protected").upper()
    there.deployment.expect(REFUSED, name)
    there.deployment.expect(SERVED, name, there.identities["alice"])


_XFCC = "x-forwarded-client-cert"
_OF_NGINX = {
    "ssl-client-verify": "SUCCESS",
    "ssl-client-subject-dn": "CN=root",
    "ssl-client-issuer-dn": "CN=forger",
    "ssl-client-cert": "forged",
}
_FORGED = {_XFCC: 'By=forged;Subject="CN=root"', **_OF_NGINX}


@case("Envoy Gateway, what the service learns of the client", _COUNTERPARTS)
def heard(world: World) -> None:
    """Subject and certificate, where they are handed over; nothing of who showed none."""
    there = rendered(world.run)
    for host in ("protected", "optional", "optional-no-ca", "existing", "one.wild"):
        [value] = _headers(there, host, "alice", _XFCC)
        parts = dict(part.split("=", 1) for part in value.split(";"))
        assert parts["Subject"] == '"CN=alice,O=Example"', f"{host}: {value}"
        sent = there.identities["alice"].certificate.read_text()
        shown = unquote(parts["Cert"].strip('"'))
        assert ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(sent), f"{host}: {value}"
    for host, client in (
        ("unforwarded", "alice"),
        ("optional", None),
        ("optional-no-ca", None),
        ("optional-unforwarded", None),
        ("optional-unforwarded", "alice"),
        ("off", "alice"),
        ("open", "alice"),
    ):
        assert not _headers(there, host, client, _XFCC), f"{host}, {client}: something was heard"


@case("Envoy Gateway, forged headers", _COUNTERPARTS)
def forged(world: World) -> None:
    """Behind a host with client authentication none is heard; elsewhere, those of ingress-nginx, which mean nothing to
    Envoy. `mtlsgen access` says the same of Envoy's own."""
    there = rendered(world.run)
    for host in ("protected", "unforwarded", "optional", "optional-unforwarded", "optional-no-ca", "existing"):
        for client in ("alice", *([None] if host.startswith("optional") else [])):
            for name, value in _FORGED.items():
                said = _headers(there, host, client, name, _FORGED)
                assert value not in said and not any("CN=root" in each for each in said), f"{host}: {name} {said}"
            assert _can_send(there, host, client) == set(), host
    there.deployment.expect(REFUSED, host_name("protected"), headers=_FORGED)
    for host in ("open", "off"):
        passed = {name for name, value in _FORGED.items() if _headers(there, host, None, name, _FORGED) == [value]}
        assert passed == set(_OF_NGINX), f"{host}: {passed} passed"
        said = _can_send(there, host, None)
        assert said <= passed, f"{host}: {passed} passed, and access says {said}"


@case("Envoy Gateway, forged headers with underscores and in capitals", _COUNTERPARTS)
def forged_in_other_words(world: World) -> None:
    """Some services take underscores for dashes: Envoy refuses these requests."""
    there = rendered(world.run)
    host = host_name("optional")
    for name, value in _FORGED.items():
        there.deployment.expect("400", host, headers={name.replace("-", "_"): value}, flags=_HTTP_1)
        answer = there.deployment.expect(SERVED, host, headers={name.upper(): value})
        assert value not in answer.body, f"{name.upper()}: {answer.body}"


def _headers(
    there: Rendered, host: str, client: str | None, name: str, sent: Mapping[str, str] | None = None
) -> list[str]:
    """All values of a header that the service behind a host hears."""
    options: dict[str, Any] = {"headers": sent} if sent else {}
    identity = there.identities[client] if client else None
    answer = there.deployment.expect(SERVED, host_name(host), identity, namespace=namespace_of(host), **options)
    return header_values(answer.json(), name)


def _can_send(there: Rendered, host: str, client: str | None) -> set[str]:
    verdict = there.of_cluster.of(namespace_of(host), host_name(host), client)
    return set(verdict["clientCanSend"])


@case("Envoy Gateway, a Gateway and a policy for each protected host", _COUNTERPARTS)
def objects(world: World) -> None:
    """Every route names its listener, and none of a host with TLS is at the one for plain HTTP but its redirect."""
    there = rendered(world.run)
    kinds = {kind: [each for each in there.objects if each["kind"] == kind] for kind in ("HTTPRoute", "Gateway")}
    assert len(kinds["Gateway"]) == 2, kinds["Gateway"]
    for route in kinds["HTTPRoute"]:
        [parent] = route["spec"]["parentRefs"]
        is_redirect = all("filters" in rule for rule in route["spec"]["rules"])
        is_plain = route["spec"]["hostnames"] == [host_name(PLAIN)]
        assert (parent["sectionName"] == "http") == (is_redirect or is_plain), route
