"""The set-ups, applied: objects of mtlsgen's, and what other people add to their hosts."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ..cluster import Cluster, as_list
from ..controllers import Backend, the_backend
from ..controllers.backend import PORT, backend
from ..controllers.namespaces import endpoints
from ..enforcement.identities import Identity, of_client
from ..processes import wait_until
from ..program import Object, Project
from ..world import Run
from . import resources
from .answers import FIRST, SECOND
from .specs import (
    INGRESS_CLASS,
    NAMESPACE,
    NAMESPACES,
    SECOND_PATH,
    first_spec,
    host_name,
    ingress_name,
    second_spec,
)

#: The class' name for its controllers.
CONTROLLER_CLASS = "mtlsgen.dev/versions"
#: The path of an HTTP-01 challenge (RFC 8555, 8.3).
CHALLENGE = "/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ"
#: A host that only the provider of Traefik's own kinds knows.
ROUTED = host_name("routed")

_NGINX = "nginx.ingress.kubernetes.io/"
#: Other backends of a run have those beside it.
_SECOND_PORT = PORT + 5


@dataclass(frozen=True)
class SetUps:
    """Who asks, and what is behind the Services."""

    identities: Mapping[str, Identity]
    backends: Mapping[str, Backend]


@contextmanager
def applied(run: Run) -> Iterator[SetUps]:
    """Renders and applies all of them, the older ones first."""
    first = Project.with_spec(run.program, run.scratch / "versions-first", first_spec())
    second = Project.with_spec(run.program, run.scratch / "versions-second", second_spec())
    firsts, seconds = first.objects(), second.objects()
    resources.define(run.cluster)
    run.cluster.create(*NAMESPACES)
    run.cluster.apply(as_list([_ingress_class(), *_slices(firsts, seconds)]))
    hosts = {each["metadata"]["name"]: each for each in firsts if each["kind"] == "Ingress"}
    _by_age(run.cluster, _older(hosts), [_with_named_port(each) for each in firsts], [*seconds, *_younger(hosts)])
    identities = {"alice": of_client(first, "alice"), "bob": of_client(second, "bob")}
    other = run.share("second backend", partial(backend, name="second-backend", port=_SECOND_PORT))
    yield SetUps(identities, {FIRST: the_backend(run), SECOND: other})


def _by_age(cluster: Cluster, *batches: Sequence[Object]) -> None:
    """Applies them one after the other, each in a second of its own: creation times have no fractions."""
    applied_at = 0
    for batch in batches:
        wait_until(partial(_is_after, applied_at), 5, "the next second")
        cluster.apply(as_list(list(batch)))
        applied_at = int(time.time())


def _is_after(second: int) -> bool:
    return int(time.time()) > second


def _older(hosts: Mapping[str, Object]) -> list[Object]:
    return [
        _beside(hosts, "older-ca", {"auth-tls-secret": _OTHER_SECRET}),
        _beside(hosts, "older-off", {"auth-tls-verify-client": "off"}),
    ]


def _younger(hosts: Mapping[str, Object]) -> list[Object]:
    return [
        _beside(hosts, "equal", {}),
        _solver(hosts),
        _without_annotations(_beside(hosts, "bare", {})),
        _beside(hosts, "younger-ca", {"auth-tls-secret": _OTHER_SECRET}),
        resources.route(NAMESPACE, "route", host_name("route"), SECOND_PATH, "app"),
        resources.route(NAMESPACE, "routed", ROUTED, "/", "app"),
    ]


#: That of the second spec's authority.
_OTHER_SECRET = f"{NAMESPACE}/{ingress_name('others')}-tls-cacert"


def _beside(hosts: Mapping[str, Object], name: str, annotations: Mapping[str, str]) -> Object:
    """A second Ingress of a host, as mtlsgen's but for its path and these annotations."""
    ingress = copy.deepcopy(hosts[ingress_name(name)])
    ingress["metadata"]["name"] += "-second"
    ingress["metadata"]["annotations"] |= {f"{_NGINX}{key}": value for key, value in annotations.items()}
    ingress["spec"]["rules"][0]["http"]["paths"][0]["path"] = SECOND_PATH
    return ingress


def _without_annotations(ingress: Object) -> Object:
    metadata = {key: ingress["metadata"][key] for key in ("name", "namespace")}
    return {**ingress, "metadata": metadata}


def _solver(hosts: Mapping[str, Object]) -> Object:
    """The Ingress that cert-manager makes for the time of an HTTP-01 challenge."""
    ingress = _without_annotations(_beside(hosts, "solver", {}))
    ingress["spec"].pop("tls")
    ingress["spec"]["rules"][0]["http"]["paths"][0] |= {"path": CHALLENGE, "pathType": "ImplementationSpecific"}
    return ingress


def _with_named_port(each: Object) -> Object:
    """The host of Service `api-x`, port 80, gets a path to Service `api`, port `x-80`."""
    if each["kind"] != "Ingress" or each["metadata"]["name"] != ingress_name("ports"):
        return each
    ingress = copy.deepcopy(each)
    backend = {"service": {"name": "api", "port": {"name": "x-80"}}}
    ingress["spec"]["rules"][0]["http"]["paths"].append({"path": SECOND_PATH, "pathType": "Prefix", "backend": backend})
    return ingress


def _slices(firsts: Sequence[Object], seconds: Sequence[Object]) -> list[Object]:
    named = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": NAMESPACE},
        "spec": {"ports": [{"name": "x-80", "port": 80}]},
    }
    return [named, *endpoints(firsts), *map(_leading_to_second, endpoints([*seconds, named]))]


def _leading_to_second(each: Object) -> Object:
    return {**each, "ports": [{**port, "port": _SECOND_PORT} for port in each["ports"]]}


def _ingress_class() -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": INGRESS_CLASS},
        "spec": {"controller": CONTROLLER_CLASS},
    }
