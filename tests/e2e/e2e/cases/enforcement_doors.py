"""Enforcement: set-ups that open a protected host, or lock its clients out."""

from __future__ import annotations

from ..enforcement.answers import (
    COUNTERPARTS,
    NOT_ACCEPTED,
    NOTHING_SENT,
    SERVED,
    Answered,
    Answers,
    NoHandshake,
    Served,
    differing,
)
from ..enforcement.door_material import BOTH_SECRET, FASTCGI, LONGER_NAMESPACE, OPEN
from ..enforcement.completing import expect_said
from ..enforcement.doors import PERMISSIVE, Question, Row, answer_of, applied, auth, ingress, service
from ..registry import case
from ..world import World

_TO_HTTPS = differing(Answered(308), Answered(308))
_ONLY_NGINX = differing(Served(), Answered(308))
_NOT_FOUND = differing(Answered(404), Answered(404))
#: Traefik keeps them apart.
_OWN = {"traefik": OPEN}
_FORGED = {"ssl-client-verify": "SUCCESS", "ssl-client-subject-dn": "CN=root", "ssl-client-cert": "forged"}


def _refused(host: str, path: str = "/") -> Question:
    """A client without a certificate is refused."""
    return Question(host, NOTHING_SENT, path=path)


def _plain(host: str, path: str, answers: Answers = SERVED) -> Question:
    """Asks by plain HTTP."""
    return Question(host, answers, scheme="http", path=path)


ROWS = (
    Row(
        "one upstream of two namespaces: api-x in doors, x in doors-api",
        [
            # An upstream is called doors-api-x-80: that of the older Ingress is the one of both.
            Question("open-1.doors.test", SERVED, backends=_OWN),
            _refused("protected-1.doors.test"),
        ],
        [*service("api-x", OPEN), ingress("open-1", "open-1.doors.test", "api-x")],
        older=[
            *service("x", namespace=LONGER_NAMESPACE),
            ingress(
                "protected-1",
                "protected-1.doors.test",
                "x",
                auth(namespace=LONGER_NAMESPACE),
                namespace=LONGER_NAMESPACE,
            ),
        ],
        said="error[names-meet]",
    ),
    Row(
        "one upstream inside a namespace: port 80 of web-api, port api-80 of web",
        [Question("open-2.doors.test", SERVED, backends=_OWN), _refused("protected-2.doors.test")],
        [*service("web", OPEN, port="api-80"), ingress("open-2", "open-2.doors.test", "web", port="api-80")],
        older=[*service("web-api"), ingress("protected-2", "protected-2.doors.test", "web-api", auth())],
        said="error[names-meet]",
    ),
    Row(
        "one file of two authorities: api-trust in doors, trust in doors-api",
        [
            # Both are called ca-doors-api-trust.pem: what is read last is in it.
            Question("trust-1.doors.test", differing(Served(), NoHandshake()), "partner"),
            Question("trust-1.doors.test", differing(NOT_ACCEPTED["ingress-nginx"], Served()), "alice"),
            Question("trust-2.doors.test", SERVED, "partner"),
        ],
        [
            *service("trusting", namespace=LONGER_NAMESPACE),
            ingress(
                "trust-2", "trust-2.doors.test", "trusting", auth("trust", LONGER_NAMESPACE), namespace=LONGER_NAMESPACE
            ),
        ],
        older=[*service("trusting"), ingress("trust-1", "trust-1.doors.test", "trusting", auth("api-trust"))],
        said="error[names-meet]",
    ),
    Row(
        "an older Ingress of the host with verify-client off, as out of a list",
        [Question("list.doors.test", SERVED), Question("list.doors.test", SERVED, "stranger")],
        [*service("list"), ingress("list", "list.doors.test", "list", auth())],
        older=[ingress("list-older", "list.doors.test", "list", auth(verify_client="off"), paths=["/health"])],
        said="error[host-unprotected]",
    ),
    Row(
        "a path that begins like the ACME challenge, by plain HTTP",
        [
            _plain("acme.doors.test", "/.well-known/acme-challenge/token", _ONLY_NGINX),
            _plain("acme.doors.test", "/.well-known/acme-challenges", _ONLY_NGINX),
            _plain("acme.doors.test", "/.well-known/other", _TO_HTTPS),
            _refused("acme.doors.test", "/.well-known/acme-challenge/token"),
        ],
        [
            *service("acme"),
            ingress(
                "acme",
                "acme.doors.test",
                "acme",
                auth(),
                paths=["/", "/.well-known", "/.well-known/acme-challenge", "/.well-known/acme-challenges"],
                path_type="ImplementationSpecific",
            ),
        ],
        said="error[plain-http]",
    ),
    Row(
        "backend-protocol FCGI, and headers of a client's own",
        [
            Question("fcgi.doors.test", NOTHING_SENT, headers=_FORGED, backend=FASTCGI),
            Question("fcgi.doors.test", {"ingress-nginx": Served(_FORGED)}, "alice", headers=_FORGED, backend=FASTCGI),
        ],
        [*service("fcgi", FASTCGI), ingress("fcgi", "fcgi.doors.test", "fcgi", auth() | {"backend-protocol": "FCGI"})],
        not_traefik="it knows no FastCGI, and speaks HTTP to the backend",
        said="error[host-unprotected]",
    ),
    Row(
        "one Service behind an open and a protected host",
        [
            Question(
                "both-open.doors.test",
                differing(Answered(421), Answered(421)),
                headers={"Host": "both-protected.doors.test"},
            ),
            Question(
                "both-open.doors.test",
                differing(Served({"host": "both-protected.doors.test"}), Served({"host": "both-open.doors.test"})),
                headers={"Host": "both-protected.doors.test"},
                flags=["--http1.1", "--request-target", "https://both-open.doors.test/"],
            ),
            _refused("both-protected.doors.test"),
        ],
        [
            *service("both"),
            ingress("both-open", "both-open.doors.test", "both"),
            ingress("both-protected", "both-protected.doors.test", "both", auth()),
        ],
        said="warning[service-shared]",
    ),
    Row(
        "server-alias of an open host below a protected wildcard",
        [Question("alias.wild.doors.test", SERVED, backend=OPEN), _refused("other.wild.doors.test")],
        [
            *service("wild"),
            *service("wild-open", OPEN),
            ingress("wild", "*.wild.doors.test", "wild", auth()),
            ingress("wild-open", "open.doors.test", "wild-open", {"server-alias": "alias.wild.doors.test"}),
        ],
        said="error[alias-opens]",
    ),
    Row(
        "server-alias of a protected host",
        [_refused("protected.doors.test"), _refused("protected-alias.doors.test")],
        [
            *service("aliased"),
            ingress(
                "aliased", "protected.doors.test", "aliased", auth() | {"server-alias": "protected-alias.doors.test"}
            ),
        ],
        said="error[further-host]",
    ),
    Row(
        "a host without TLS below a wildcard with TLS",
        [
            _plain("plain.tls.doors.test", "/", differing(Answered(308), Served())),
            _plain("switched.tls.doors.test", "/"),
            _plain("plain-alone.doors.test", "/"),
        ],
        [
            *service("tls"),
            ingress("tls-wildcard", "*.tls.doors.test", "tls"),
            ingress("tls-plain", "plain.tls.doors.test", "tls", tls=False),
            ingress("tls-switched", "switched.tls.doors.test", "tls", {"ssl-redirect": "false"}, tls=False),
            ingress("tls-plain-alone", "plain-alone.doors.test", "tls", tls=False),
        ],
    ),
    Row(
        "two roots in one bundle",
        [
            _refused("roots.doors.test"),
            Question("roots.doors.test", SERVED, "alice"),
            Question("roots.doors.test", SERVED, "partner"),
            Question("roots.doors.test", NOT_ACCEPTED, "stranger"),
        ],
        [*service("roots"), ingress("roots", "roots.doors.test", "roots", auth(BOTH_SECRET))],
    ),
    Row(
        "ingressClassName of another controller, and the annotation of this one",
        [
            Question("class-other.doors.test", _NOT_FOUND, "alice"),
            Question("class-nginx.doors.test", SERVED, "alice"),
        ],
        [
            # The API refuses both at once in a new Ingress, and takes the annotation later.
            ingress(
                "class-other",
                "class-other.doors.test",
                "class",
                auth() | {"kubernetes.io/ingress.class": "nginx"},
                class_name="other",
            ),
            ingress(
                "class-nginx", "class-nginx.doors.test", "class", auth() | {"kubernetes.io/ingress.class": "other"}
            ),
        ],
        older=[
            *service("class"),
            ingress("class-other", "class-other.doors.test", "class", auth(), class_name="other"),
            ingress("class-nginx", "class-nginx.doors.test", "class", auth()),
        ],
        said="error[host-unprotected]",
    ),
    Row(
        "optional_no_ca, and an authority with the trusted one's name",
        [
            Question("no-ca.doors.test", SERVED),
            Question("no-ca.doors.test", SERVED, "partner"),
            Question("no-ca.doors.test", SERVED, "stranger"),
            # The signature is wrong, where the issuer's name alone is compared.
            Question("no-ca.doors.test", differing(NOT_ACCEPTED["ingress-nginx"], Served()), "twin"),
        ],
        [*service("no-ca"), ingress("no-ca", "no-ca.doors.test", "no-ca", auth(verify_client="optional_no_ca"))],
        said="notice[verify-by-backend]",
    ),
    Row(
        "a snippet with a location of its own, by plain HTTP",
        [
            _plain("snippet-1.doors.test", "/door"),
            _plain("snippet-1.doors.test", "/", _TO_HTTPS),
            _refused("snippet-1.doors.test", "/door"),
        ],
        [
            *service("snippet"),
            ingress(
                "snippet-1",
                "snippet-1.doors.test",
                "snippet",
                auth() | {"server-snippet": "location /door { proxy_pass http://192.0.2.10:8080; }"},
                class_name=PERMISSIVE,
            ),
        ],
        permissive=True,
        not_traefik="it has no snippets",
        said="error[host-",
    ),
    Row(
        "a snippet that takes the redirect back",
        [_plain("snippet-2.doors.test", "/"), _refused("snippet-2.doors.test")],
        [
            ingress(
                "snippet-2",
                "snippet-2.doors.test",
                "snippet",
                auth() | {"configuration-snippet": 'set $force_no_ssl_redirect "true";'},
                class_name=PERMISSIVE,
            )
        ],
        permissive=True,
        not_traefik="it has no snippets",
        said="error[host-",
    ),
)


def _register(row: Row) -> None:
    alone = {"traefik": row.not_traefik} if row.not_traefik else {}

    @case(row.name, [name for name in COUNTERPARTS if name not in alone], alone)
    def judged(world: World) -> None:
        doors = applied(world.run, ROWS)
        for question in row.questions:
            answer_of(world, row, question, doors)
        if row.said:
            expect_said(world, row.said, [*row.older, *row.objects])


for _row in ROWS:
    _register(_row)
