"""Enforcement: the controllers as the tests set them up."""

from __future__ import annotations

import json
import re
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
#: What has to do with client authentication.
_WORDS = re.compile(
    r"ssl_client_|ssl-client-|(?<!proxy_)ssl_verify_|(?<!proxy_)ssl_crl|error_page 495|certificate unauthorized"
)


@case(
    "the template's client authentication is the controller's own",
    ("ingress-nginx",),
    {"traefik": "it has no template"},
)
def template(_: World) -> None:
    """Every directive about client certificates stands in both templates, with the same arguments."""
    theirs = _directives((cache() / "ingress-nginx.tmpl").read_text())
    ours = _directives(_OURS.read_text())
    assert theirs and ours == theirs, f"only in ours: {ours - theirs}; only in theirs: {theirs - ours}"


def _directives(template: str) -> set[str]:
    lines = {" ".join(line.split()) for line in template.splitlines() if _WORDS.search(line)}
    # Theirs writes the header's directive as a variable: gRPC has another one.
    lines = {line.replace("{{ $proxySetHeader }}", "proxy_set_header") for line in lines}
    # 1.11.0 did not quote yet.
    return {line.replace(".MatchCN | quote }}", ".MatchCN }}") for line in lines if not line.startswith("{{")}


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
