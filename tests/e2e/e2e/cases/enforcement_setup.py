"""Enforcement: the controllers as the tests set them up."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..cluster import Cluster
from ..controllers import ingress_nginx
from ..enforcement.answers import NOT_ACCEPTED, NOTHING_SENT, Answered, Expected, Served, becomes
from ..enforcement.scene import Door
from ..parts import E2E, cache
from ..registry import case
from ..world import World

_OURS = E2E / "parts/ingress-nginx/etc/template/nginx.tmpl"
#: What decides which clients are admitted, and what the backend and an external authentication hear.
_WORDS = re.compile(
    r"ssl_client_|ssl-client-|(?<!proxy_)ssl_verify_|(?<!proxy_)ssl_crl|error_page|certificate unauthorized"
    r"|proxy_set_header|proxySetHeader }}|auth_request|auth_basic|satisfy |internal;|mirror|fastcgi_(index|param )"
    r"|proxy_pass_request|proxy_method|proxy_intercept_errors|proxy_ssl_(name|server_name)|return 30|return 503"
    r"|rewrite \(|Snippet }}|ssl_reject_handshake|buildProxyPass|buildMirror|set \$(pass|proxy|best|location_path|target)"
    r"|ignore_invalid|underscores_in"
)
#: In ours alone, as in later versions than the one whose template is compared.
_LATER = Counter({
    "proxy_intercept_errors off;": 1,
    "{{ $proxySetHeader }} X-Original-Forwarded-Host $http_x_forwarded_host;": 1,
})  # fmt: skip
#: In theirs alone: for the PROXY protocol, auth-keepalive, modsecurity, and a variable that nothing reads.
_LEFT_OUT = Counter({
    "{{ $cfg.ModsecuritySnippet }}": 1,
    'set $proxy_upstream_name "internal";': 1,
    "set $pass_server_port $proxy_protocol_server_port;": 1,
    'proxy_set_header Connection "";': 1,
    "set $target {{ changeHostPort $externalAuth.URL $authUpstreamName }};": 1,
})  # fmt: skip
#: What the two templates call differently.
_NAMES = {
    " | quote": "",
    "$all.Cfg": "$cfg",
    "$ing.": "$object.",
    "$upstreamName": "$name",
    "$errCode": "$code",
    "{{ $k }} {{ $v }}": "{{ $name }} {{ $value }}",
    "{{ . }} = @custom": "{{ $code }} = @custom",
    "_{{ . }};": "_{{ $code }};",
}


@case(
    "the template's directives are the controller's own",
    ("ingress-nginx",),
    {"traefik": "it has no template"},
)
def template(_: World) -> None:
    """Every directive that matters is in both templates, as often and with the same arguments."""
    theirs = _directives((cache() / "ingress-nginx.tmpl").read_text()) - _LEFT_OUT
    ours = _directives(_OURS.read_text()) - _LATER
    assert len(theirs) > 80, theirs
    assert ours == theirs, f"only in ours: {ours - theirs}; only in theirs: {theirs - ours}"


def _directives(template: str) -> Counter[str]:
    """The directives, without what they depend on; several follow each other in a line."""
    # Comments of the template itself say nothing to nginx.
    text = re.sub(r"\{\{/\*.*?\*/\}\}", "", template)
    lines = (" ".join(line.split()) for line in text.splitlines() if not line.strip().startswith("#"))
    lines = (re.sub(r"\{\{-? (if|else|end|range)[^}]*\}\}", "", line).strip() for line in lines)
    return Counter(_renamed(line) for line in lines if _WORDS.search(line) and not line.startswith(("map ", "geo ")))


def _renamed(line: str) -> str:
    for theirs, ours in _NAMES.items():
        line = line.replace(theirs, ours)
    return line


@case(
    "a Secret of another namespace, allowed",
    ("ingress-nginx",),
    {"traefik": "an argument of its start (allowCrossNamespaceResources), which the other cases need as it is"},
)
def other_namespace_allowed(world: World) -> None:
    """With `allow-cross-namespace-resources` the host is served to those who may."""
    door = Door(world)

    def turns(expected: Expected, identity: str | None) -> None:
        becomes(expected, lambda: door.ask("elsewhere", identity), door.scene.marker)

    with _across_namespaces(world.cluster):
        turns(Served(), "alice")
        turns(NOTHING_SENT[world.counterpart], None)
        turns(NOT_ACCEPTED[world.counterpart], "stranger")
    turns(Answered(403), "alice")


@contextmanager
def _across_namespaces(cluster: Cluster) -> Iterator[None]:
    _allow(cluster, "true")
    try:
        yield
    finally:
        _allow(cluster, "false")


def _allow(cluster: Cluster, value: str) -> None:
    patch = json.dumps({"data": {"allow-cross-namespace-resources": value}})
    flags = ["configmap", ingress_nginx.SETTINGS, "--type", "merge", "--patch", patch]
    cluster.kubectl("patch", *flags, namespace=ingress_nginx.NAMESPACE)
