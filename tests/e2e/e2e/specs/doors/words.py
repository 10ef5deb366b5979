"""Names, paths and annotations to choose from, each with a neighbour that something takes it for."""

from __future__ import annotations

from ..choices import Choices

#: ingress-nginx joins namespace, Service and port with dashes: `shop-api` + `x` is `shop` + `api-x`.
NAMESPACES = ("shop", "shop-api", "shop-api-x", "api")
SERVICES = ("api-x", "x", "web", "web-api", "api", "x-80", "api-x-http")
PORT_NAMES = ("http", "api-80", "x-80", "x-http", "80-x")
#: The dashes of a host's Ingress, and so of its Secrets, come from dots.
LABELS = ("api.x", "x", "api", "www", "x.api", "y", "*.apps", "one.apps", "*.x", "two.x", "*.api.x")
OBJECT_NAMES = ("api-x", "x", "api", "x-y", "y", "api-x-y", "web")

ORDINARY_PATHS = ("/", "/v1", "/v1/", "/a", "/a/b", "/A", "/a_b", "/a-b")
_ODD = "~+:,@()$=&*!|;'\"#?^[]{}\\%<> `é"
ODD_PATHS = (
    *(f"/o{character}p" for character in _ODD),
    *("/a.b", "/a%20b", "/a//b", "//a", "/a/../b", "/a/./b", "/a/..", "/.*", "/[a-z]", "/a/$", "/(?i)a", "/%", "/a%2fb"),
    *("/healthz", "/nginx_status", "/a" * 40, "/é", "/~", "/!", "/=", "/^~", "/@named", "/a\\b", "/a/b/"),
)
ACME = "/.well-known/acme-challenge"
ACME_PATHS = (ACME, f"{ACME}/", f"{ACME}/x", f"{ACME}X", f"{ACME}/x/y", "/.well-known", "/.well-known/acme")
PATH_TYPES = ("Prefix", "Exact", "ImplementationSpecific")

PREFIX = "nginx.ingress.kubernetes.io/"
ALIAS = f"{PREFIX}server-alias"
#: Annotations that mean something to some controller, with the values that people write.
ANNOTATIONS = (
    ("auth-tls-verify-client", "off"),
    ("auth-tls-verify-client", "optional"),
    ("auth-tls-verify-depth", "0"),
    ("auth-tls-secret", ""),
    ("auth-tls-match-cn", "CN=alice"),
    ("auth-tls-error-page", "/v1"),
    ("auth-tls-pass-certificate-to-upstream", "false"),
    ("ssl-redirect", "false"),
    ("force-ssl-redirect", "false"),
    ("force-ssl-redirect", "true"),
    ("ssl-passthrough", "true"),
    ("preserve-trailing-slash", "true"),
    ("from-to-www-redirect", "true"),
    ("use-regex", "true"),
    ("rewrite-target", "/"),
    ("rewrite-target", "/$1"),
    ("app-root", "/v1"),
    ("permanent-redirect", "https://elsewhere.example.com"),
    ("temporal-redirect", "https://elsewhere.example.com"),
    ("backend-protocol", "HTTPS"),
    ("backend-protocol", "FCGI"),
    ("backend-protocol", "GRPC"),
    ("backend-protocol", "AUTO_HTTP"),
    ("canary", "true"),
    ("canary-weight", "100"),
    ("canary-by-header", "x-canary"),
    ("default-backend", "x"),
    ("custom-http-errors", "400,403,404,495,496"),
    ("satisfy", "any"),
    ("whitelist-source-range", "0.0.0.0/0"),
    ("denylist-source-range", "192.0.2.0/24"),
    ("upstream-vhost", "elsewhere.example.com"),
    ("x-forwarded-prefix", "/v1"),
    ("mirror-target", "http://192.0.2.10:8090/mirror"),
    ("auth-url", "http://192.0.2.10:8090/auth"),
    ("auth-type", "basic"),
    ("enable-global-auth", "false"),
    ("limit-rps", "1000"),
    ("affinity", "cookie"),
    ("upstream-hash-by", "$request_uri"),
    ("service-upstream", "true"),
    ("proxy-body-size", "8m"),
    ("proxy-ssl-verify", "off"),
    ("ssl-ciphers", "HIGH"),
    ("ssl-prefer-server-ciphers", "true"),
    ("proxy-redirect-from", "off"),
    ("proxy-cookie-path", "/ /v1"),
    ("proxy-intercept-errors", "true"),
    ("enable-cors", "true"),
    ("configuration-snippet", "return 200;"),
    ("configuration-snippet", "more_set_headers 'x: y';"),
    ("server-snippet", "location /s { proxy_pass http://192.0.2.10:8080; }"),
    ("server-snippet", "ssl_verify_client off;"),
    ("server-snippet", "error_page 495 496 = /v1;"),
    ("auth-snippet", "return 200;"),
    ("modsecurity-snippet", "SecRuleEngine Off"),
    ("stream-snippet", "server { listen 127.0.0.1:9999; }"),
    ("connection-proxy-header", "keep-alive"),
    ("custom-headers", "shop/headers"),
    ("relative-redirects", "true"),
    ("http2-push-preload", "true"),
    ("unheard-of", "true"),
)
#: With these, what answers at which path is no longer what the rules say.
PLAIN_ANNOTATIONS = frozenset(
    f"{PREFIX}{name}"
    for name in ("auth-tls-pass-certificate-to-upstream", "proxy-body-size", "force-ssl-redirect", "limit-rps")
)


def path(choices: Choices) -> str:
    """A path: mostly an ordinary one."""
    kind = choices.one(("ordinary",) * 40 + ("odd", "odd", "acme"))
    return choices.one({"ordinary": ORDINARY_PATHS, "odd": ODD_PATHS, "acme": ACME_PATHS}[kind])


def annotation(choices: Choices) -> dict[str, str]:
    """One annotation of the controller's."""
    name, value = choices.one(ANNOTATIONS)
    return {f"{PREFIX}{name}": value}
