"""Controllers that set-ups are put before, and how `mtlsgen access` is asked about them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..cluster import as_list
from ..controllers import Controller
from ..controllers.envoy_gateway import EnvoyGateway, gateway_class
from ..controllers.envoy_gateway import started as gateways_started
from ..controllers.ingress_nginx import Instance, starts
from ..controllers.namespaces import CONTROLLER_CLASS, ingress_class
from ..controllers.traefik import started
from ..envoy_gateway.resources import define as define_gateways
from ..registry import TRAEFIK_VERSIONS
from ..specs.setups import GATE_KINDS, KINDS, TRAEFIK_KINDS, Kind
from ..specs.setups.gates import CLASS, OTHER_CLASS
from ..traefik.resources import define
from ..world import Run

#: Label of the namespaces that are read.
READ = {"e2e.mtlsgen.dev/truth": "yes"}
#: Name of the ConfigMap of ingress-nginx.
SETTINGS = "truth"
_LAXER_SETTINGS = "truth-laxer"
_NUMBERS = itertools.count(1)
_STRICT = "strictTlsOptions"
_LAXER = {"allow-snippet-annotations": "true", "annotations-risk-level": "Critical", "ssl-redirect": "false"}
_LAXER_TRAEFIK = "--providers.kubernetesingressnginx.allowsnippetannotations=true"


@dataclass(frozen=True)
class Reader:
    """A controller."""

    name: str
    #: The part of `parts/install` that it is, and the column of the table.
    counterpart: str
    #: Kinds of set-ups that it is asked about.
    kinds: Sequence[Kind]
    #: One that has just started: a `Controller`, or an `EnvoyGateway`.
    fresh: Callable[[Run], AbstractContextManager[Any]]
    #: The same with the settings that mtlsgen takes into account where it does not see them.
    laxer: Callable[[Run], AbstractContextManager[Any]]
    #: Whether one is asked too that has read the set-ups as they came.
    reads_as_they_come: bool
    version: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    #: Name of its ConfigMap, if it has one.
    settings: str = SETTINGS
    #: Whether it reads IngressRoutes: one is applied last, and waited for.
    has_routes: bool = False
    #: Whether it reads Gateways, which have addresses of their own, and no Ingresses.
    has_gateways: bool = False
    #: Whether the clients of `MORE_CLIENTS` ask.
    has_more_clients: bool = False
    #: What it reads, as kubectl takes it.
    resources: str = "ingress,secret,service,configmap,ingressclass"
    #: What has to be in the cluster before.
    prepare: Callable[[Run], None] = lambda _: None

    @property
    def arguments(self) -> list[str]:
        """Arguments of `mtlsgen access`."""
        version = ["--controller-version", self.version] if self.version else []
        options = [word for name, value in self.options.items() for word in ("--controller-option", f"{name}={value}")]
        return ["--controller", self.name, *version, *options]

    def __str__(self) -> str:
        words = [self.name, self.version or "", *(f"{name}={value}" for name, value in self.options.items())]
        return " ".join(filter(None, words))


def ingress_nginx(laxer: bool = False) -> Reader:
    """The controller of that name, with its defaults or with what people allow."""
    fresh, settings = (_laxer_nginx, _LAXER_SETTINGS) if laxer else (_fresh_nginx, SETTINGS)
    return Reader(
        "ingress-nginx", "ingress-nginx", KINDS, fresh, _laxer_nginx, reads_as_they_come=True, settings=settings
    )


@contextmanager
def _fresh_nginx(
    run: Run, settings_name: str = SETTINGS, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Controller]:
    """Nothing is refused before it is stored: wrong Ingresses come about in many ways, and the model reads everything
    there is."""
    instance = Instance(
        name=f"truth-{next(_NUMBERS)}",
        settings_name=settings_name,
        settings=settings,
        http=8105,
        https=8205,
        first_port=10350,
        judges=False,
        namespaces=READ,
    )
    with starts(instance)(run) as controller:
        yield controller


def _laxer_nginx(run: Run) -> AbstractContextManager[Controller]:
    return _fresh_nginx(run, _LAXER_SETTINGS, _LAXER)


def traefik(version: str = TRAEFIK_VERSIONS[-1], strict: bool = False) -> Reader:
    """Traefik with its provider of Ingresses and that of its own kinds."""
    flags = ["--core.stricttlsoptions=true"] if strict else []

    @contextmanager
    def fresh(run: Run, more: Sequence[str] = ()) -> Iterator[Controller]:
        [label] = (f"{key}={value}" for key, value in READ.items())
        # Traefik's own kinds are read in all namespaces at once: each by itself comes late, under load.
        places = [
            f"--providers.kubernetesingressnginx.watchnamespaceselector={label}",
            "--providers.kubernetescrd=true",
        ]
        name = f"truth-{next(_NUMBERS)}"
        with started(run, name, f"traefik-{version}", 7280, CONTROLLER_CLASS, [*places, *flags, *more]) as controller:
            yield controller

    def prepare(run: Run) -> None:
        run.cluster.apply(as_list([ingress_class()]))
        run.share("kinds of Traefik", lambda run: nullcontext(define(run.cluster)))

    return Reader(
        "traefik", f"traefik-{version}", TRAEFIK_KINDS, fresh, lambda run: fresh(run, [_LAXER_TRAEFIK]),
        reads_as_they_come=False, has_routes=True, version=version,
        options={_STRICT: "true"} if strict else {},
        resources="ingress,secret,service,ingressclass,ingressroutes.traefik.io,ingressroutetcps.traefik.io,tlsoptions.traefik.io",
        prepare=prepare,
    )  # fmt: skip


def envoy_gateway() -> Reader:
    """Envoy Gateway with its Envoys."""

    def fresh(run: Run) -> AbstractContextManager[EnvoyGateway]:
        return gateways_started(run, f"truth-gateways-{next(_NUMBERS)}", READ)

    def prepare(run: Run) -> None:
        run.share("kinds of Envoy Gateway", lambda run: nullcontext(define_gateways(run.cluster)))
        run.cluster.apply(as_list([gateway_class(CLASS), gateway_class(OTHER_CLASS, "example.net/others")]))

    api, own = "gateway.networking.k8s.io", "gateway.envoyproxy.io"
    kinds = ("gatewayclasses", "gateways", "listenersets", "httproutes", "referencegrants")
    resources = [f"{each}.{api}" for each in kinds] + [f"clienttrafficpolicies.{own}"]
    return Reader(
        "envoy-gateway", "envoy-gateway", GATE_KINDS, fresh, fresh,
        reads_as_they_come=False, settings="", has_gateways=True, has_more_clients=True,
        resources=",".join([*resources, "secret", "configmap", "service", "namespace"]),
        prepare=prepare,
    )  # fmt: skip


def chosen(name: str, version: str | None, strict: bool, laxer: bool = False) -> Reader:
    """The one that a command line names."""
    if name == "envoy-gateway":
        return envoy_gateway()
    if name == "traefik":
        return traefik(version or TRAEFIK_VERSIONS[-1], strict)
    return ingress_nginx(laxer)
