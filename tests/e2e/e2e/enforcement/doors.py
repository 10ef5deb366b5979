"""Set-ups by hand that open a protected host, or lock its clients out: objects as people, charts and other tools
write them, each applied beside all others, and what each controller answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import Controller, controller, serve
from ..controllers.ingress_nginx import another, starts
from ..network import BACKEND_ADDRESS
from ..processes import wait_until
from ..program import Object
from ..world import Run, World
from .answers import Answers, becomes
from .door_material import (
    CLIENTS_SECRET,
    LONGER_NAMESPACE,
    NAMESPACE,
    PORTS,
    PROTECTED,
    TLS_SECRET,
    Material,
    backends,
)
from .identities import Identity, proof

#: Class of the controller whose administrator allows snippets.
PERMISSIVE = "permissive"
_PERMISSIVE = another(1, PERMISSIVE, {"allow-snippet-annotations": "true", "annotations-risk-level": "Critical"})

_ANNOTATIONS = "nginx.ingress.kubernetes.io/"


@dataclass(frozen=True)
class Question:
    """One request, and what becomes of it."""

    host: str
    answers: Answers
    #: Who asks: `alice` may come in; `partner` may not, nor `stranger` and `twin` of authorities with the trusted
    #: one's name. The twin's certificate does not say by which key it is signed.
    identity: str | None = None
    path: str = "/"
    scheme: str = "https"
    headers: Mapping[str, str] = field(default_factory=dict)
    flags: Sequence[str] = ()
    #: The backend that answers, where one does.
    backend: str = PROTECTED
    #: The same for controllers where it is another.
    backends: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A set-up, and what is asked."""

    name: str
    questions: Sequence[Question]
    objects: Sequence[Object]
    #: Objects that are a second older at least: the first Ingress of a host decides, where they differ.
    older: Sequence[Object] = ()
    #: What mtlsgen says of it, such as `error[names-meet]`.
    said: str | None = None
    #: Whether the Ingresses are of the class `permissive`.
    permissive: bool = False
    #: Why Traefik is not asked; empty: it is.
    not_traefik: str = ""


def service(name: str, leads_to: str = PROTECTED, namespace: str = NAMESPACE, port: str = "http") -> list[Object]:
    """A Service with port 80, and the backend behind it."""
    metadata = {"name": name, "namespace": namespace}
    slice_metadata = {**metadata, "labels": {"kubernetes.io/service-name": name}}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [{"name": port, "port": 80, "targetPort": PORTS[leads_to]}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": slice_metadata,
            "addressType": "IPv4",
            "ports": [{"name": port, "protocol": "TCP", "port": PORTS[leads_to]}],
            "endpoints": [{"addresses": [BACKEND_ADDRESS], "conditions": {"ready": True}}],
        },
    ]


def ingress(
    name: str,
    host: str,
    service: str,
    annotations: Mapping[str, str] | None = None,
    *,
    namespace: str = NAMESPACE,
    paths: Sequence[str] = ("/",),
    path_type: str = "Prefix",
    port: int | str = 80,
    tls: bool = True,
    class_name: str = "nginx",
) -> Object:
    """An Ingress; annotations are ingress-nginx's unless they say whose they are."""
    named = {key if "/" in key else _ANNOTATIONS + key: text for key, text in (annotations or {}).items()}
    reference = {"name": service, "port": {"number" if isinstance(port, int) else "name": port}}
    rule = [{"path": path, "pathType": path_type, "backend": {"service": reference}} for path in paths]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": named},
        "spec": {
            "ingressClassName": class_name,
            **({"tls": [{"hosts": [host], "secretName": TLS_SECRET}]} if tls else {}),
            "rules": [{"host": host, "http": {"paths": rule}}],
        },
    }


def auth(secret: str = CLIENTS_SECRET, namespace: str = NAMESPACE, **more: str) -> dict[str, str]:
    """The annotations that protect a host; `verify_client` is `auth-tls-verify-client`."""
    return {
        "auth-tls-secret": f"{namespace}/{secret}",
        "auth-tls-pass-certificate-to-upstream": "true",
        "force-ssl-redirect": "true",
        **{f"auth-tls-{name.replace('_', '-')}": text for name, text in more.items()},
    }


@dataclass(frozen=True)
class Doors:
    """All set-ups, applied."""

    identities: Mapping[str, Identity]
    #: By the name of the backend.
    markers: Mapping[str, str]


def applied(run: Run, rows: Sequence[Row]) -> Doors:
    """Applies all of them at once."""

    @contextmanager
    def started(_: Run) -> Iterator[Doors]:
        folder = run.scratch / "doors"
        folder.mkdir()
        material = Material(run, folder)
        with backends(run) as markers:
            for namespace in (NAMESPACE, LONGER_NAMESPACE):
                serve(run.cluster, namespace)
            # What judges the Ingresses has to be there before them.
            permissive(run)
            older = [each for row in rows for each in row.older]
            run.cluster.apply(as_list([*material.secrets(), *older]))
            second = int(time.time())
            wait_until(lambda: time.time() >= second + 1.1, 5, "the next second")
            run.cluster.apply(as_list([each for row in rows for each in row.objects]), "--force-conflicts")
            yield Doors(material.identities, markers)

    return run.share("doors", started)


def permissive(run: Run) -> Controller:
    """The controller whose administrator allows snippets."""
    return run.share(f"controller {PERMISSIVE}", starts(_PERMISSIVE))


def answer_of(world: World, row: Row, question: Question, doors: Doors) -> None:
    """Waits until the controller gives the expected answer."""
    asked = permissive(world.run) if row.permissive else controller(world.run, world.counterpart)

    def request() -> Answer:
        shown = doors.identities[question.identity] if question.identity else None
        return ask(
            world.network,
            f"{question.scheme}://{question.host}{question.path}",
            at=asked.https if question.scheme == "https" else asked.http,
            headers=question.headers,
            flags=question.flags,
            **proof(shown),
        )

    backend = question.backends.get(world.counterpart, question.backend)
    becomes(question.answers[world.counterpart], request, doors.markers[backend])
