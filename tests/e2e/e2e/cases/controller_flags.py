"""Enforcement: flags of the controllers.

`mtlsgen access` reads the flags of the object that runs a controller, and says what becomes of requests. Here the
controllers run with these flags, and get the same requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from ..ask import Answer
from ..cluster import as_list
from ..controllers import Controller, serve, the_backend
from ..controllers.ingress_nginx import NAMESPACE, another, starts
from ..controllers.namespaces import endpoints, ingress_class
from ..controllers.traefik import started
from ..parts import ROOT
from ..processes import wait_until
from ..program import Object
from ..registry import case
from ..world import Run, World

_AUTHORITY = (ROOT / "src/enforcement/stranger.pem").read_text()
_PLACES = ("flags-one", "flags-two")
_TRAEFIK = "3.7.13"
_PROVIDER = "--providers.kubernetesingressnginx"


@dataclass(frozen=True)
class _Set:
    """Flags, and what is known with them."""

    name: str
    flags: Sequence[str]
    #: Whether the model says nothing about anything.
    is_open: bool = False
    #: A host that is served without a certificate although the model says nothing of it.
    served: str = ""


_NGINX = (
    _Set("none", ()),
    _Set("namespace", ("--watch-namespace=flags-one",)),
    _Set("selector", ("--watch-namespace-selector=kubernetes.io/metadata.name notin (flags-two),e2e.mtlsgen.dev/served",)),
    _Set("catch", ("--disable-catch-all",)),
    _Set("classless", ("--watch-ingress-without-class=true",)),
    _Set("name", ("--ingress-class-by-name", "--controller-class=e2e.mtlsgen.dev/nobody")),
    _Set("backend", ("--default-backend-service=flags-two/fallback",)),
    _Set("prefix", ("--annotations-prefix=acme.test",), is_open=True, served="guarded"),
    _Set("unchecked", ("--enable-annotation-validation=false",)),
)
_OF_TRAEFIK = (
    _Set("none", ()),
    _Set("namespace", (f"{_PROVIDER}.watchNamespace=flags-one",)),
    _Set("selector", (f"{_PROVIDER}.watchNamespaceSelector=kubernetes.io/metadata.name!=flags-two",)),
    _Set("classless", (f"{_PROVIDER}.watchIngressWithoutClass",)),
    _Set("crosses", (f"{_PROVIDER}.allowCrossNamespaceResources=true",)),
)


def _objects(name: str) -> list[Object]:
    """What is served with the class of that name: hosts of all kinds."""
    ours = {"nginx.ingress.kubernetes.io/auth-tls-secret": "flags-one/clients"}
    backend = {"service": {"name": "app", "port": {"number": 80}}}

    def ingress(kind: str, place: str, path: str = "/", annotations: Mapping[str, str] | None = None) -> Object:
        host = f"{kind}.{name}.flags.test"
        rule = {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": f"{kind}-{name}", "namespace": place, "annotations": dict(annotations or {})},
            "spec": {"ingressClassName": name, "rules": [rule], "tls": [{"hosts": [host]}]},
        }

    one, two = _PLACES
    caught = ingress("caught", one)
    caught["spec"]["defaultBackend"] = backend
    classless = ingress("classless", one)
    annotated = ingress("annotated", one, annotations={"kubernetes.io/ingress.class": name})
    for each in (classless, annotated):
        del each["spec"]["ingressClassName"]
    return [
        ingress("guarded", one, annotations=ours),
        ingress("elsewhere", two),
        ingress("crossing", two, annotations=ours),
        ingress("part", one, path="/a"),
        caught,
        classless,
        annotated,
    ]


def _surroundings(run: Run) -> list[Object]:
    objects: list[Object] = []
    for place in _PLACES:
        serve(run.cluster, place)
        for name in ("app", "fallback"):
            metadata = {"name": name, "namespace": place}
            objects.append(
                {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
            )
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "clients", "namespace": _PLACES[0]}}
    return [*objects, *endpoints(objects), {**secret, "stringData": {"ca.crt": _AUTHORITY}}]


def _deployment(image: str, flags: Sequence[str]) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "controller", "namespace": NAMESPACE},
        "spec": {"template": {"spec": {"containers": [{"name": "controller", "image": image, "args": list(flags)}]}}},
    }


def _asks(
    world: World,
    sets: Sequence[_Set],
    running: Callable[[int, str, Sequence[str]], tuple[AbstractContextManager[Controller], Object, list[str]]],
) -> None:
    the_backend(world.run)
    world.cluster.apply(as_list(_surroundings(world.run)))
    wrong: list[str] = []
    for number, each in enumerate(sets, start=1):
        name = f"f-{each.name}"
        runs, deployment, arguments = running(number, name, each.flags)
        world.cluster.apply(as_list([ingress_class(name, f"e2e.mtlsgen.dev/{name}"), *_objects(name)]))
        with runs as controller:
            kinds = "ingress,ingressclass,secret,service,namespace,configmap"
            objects = [one for one in world.cluster.objects(kinds) if _is_shown(one)]
            text = as_list([*objects, deployment])
            said = world.program.run(
                "access", "--format", "json", "--whole-cluster", *arguments, "-", folder=world.scratch, stdin=text
            )
            answers = json.loads(said.stdout)
            wrong += [f"{each.flags}: {line}" for line in _compared(world, controller, name, each, answers)]
        world.cluster.kubectl("delete", "ingress", "--all", namespace=_PLACES[0])
        world.cluster.kubectl("delete", "ingress", "--all", namespace=_PLACES[1])
    assert not wrong, "\n".join(wrong)


def _is_shown(one: Object) -> bool:
    return one["kind"] in ("IngressClass", "Namespace") or one["metadata"]["namespace"] in (*_PLACES, NAMESPACE)


def _compared(
    world: World, controller: Controller, name: str, flags: _Set, answers: Object
) -> Iterator[str]:
    said = {
        (host["host"], one["scheme"], one["path"]): one
        for host in answers["hosts"]
        for one in host["requests"]
        if one["client"] == "nothing"
    }
    hosts = [rule["host"] for one in _objects(name) for rule in one["spec"]["rules"]]

    def ask(host: str, scheme: str, path: str) -> Answer:
        at = controller.https if scheme == "https" else controller.http
        return world.ask(f"{scheme}://{host}{path}", at=at)

    def is_read() -> bool:
        host = f"part.{name}.flags.test"
        return ask(host, "https", "/a").status == 200 and 300 <= ask(host, "http", "/a").status < 400

    # Once one is served that is in every set, all of them have been read; certificates come last, and redirects with them.
    wait_until(is_read, 60, "the Ingresses are read")
    asked = 0
    for host in hosts:
        for scheme, path in (("https", "/"), ("https", "/a"), ("http", "/")):
            one = said.get((host, scheme, path))
            if one is None:
                continue
            answer = controller.answer(lambda host=host, scheme=scheme, path=path: ask(host, scheme, path))
            asked += 1
            if flags.is_open != (one["verdict"] == "unknown"):
                yield f"{scheme}://{host}{path}: {one}"
            elif not flags.is_open and not _is_as(one, answer):
                yield f"{scheme}://{host}{path}: {one}, and the controller: {answer}"
            elif host.startswith(f"{flags.served}.") and scheme == "https" and answer.status != 200:
                yield f"{host} is not served with these flags: {answer}"
    assert asked > len(hosts), f"only {asked} requests were made"


def _is_as(said: Object, answer: Answer) -> bool:
    match said["verdict"]:
        case "admitted":
            return answer.status == 200
        case "refused":
            return answer.refused if said["answer"] == "alert" else str(answer.status) == said["answer"]
        case "redirected":
            return 300 <= answer.status < 400
        case "notServed":
            return answer.status == 404
        case _:
            return False


@case("flags of ingress-nginx", ["ingress-nginx"], {"traefik": "it has flags of its own, below"})
def nginx(world: World) -> None:
    def running(
        number: int, name: str, flags: Sequence[str]
    ) -> tuple[AbstractContextManager[Controller], Object, list[str]]:
        instance = another(20 + number, name, {"allow-cross-namespace-resources": "true"})
        watches = any(flag.startswith("--watch-namespace=") for flag in flags)
        instance = replace(instance, arguments=flags, judges=False, namespaces={} if watches else instance.namespaces)
        own = [
            f"--configmap={NAMESPACE}/{name}",
            f"--ingress-class={name}",
            f"--controller-class={instance.controller_class}",
            *flags,
        ]
        image = "registry.k8s.io/ingress-nginx/controller:v1.12.0"
        return starts(instance)(world.run), _deployment(image, ["/nginx-ingress-controller", *own]), []

    _asks(world, _NGINX, running)


@case("flags of Traefik", ["traefik"], {"ingress-nginx": "it has flags of its own, above"})
def traefik(world: World) -> None:
    def running(
        number: int, name: str, flags: Sequence[str]
    ) -> tuple[AbstractContextManager[Controller], Object, list[str]]:
        controller_class = f"e2e.mtlsgen.dev/{name}"
        own = [f"{_PROVIDER}.controllerClass={controller_class}", f"{_PROVIDER}.ingressClass={name}", *flags]

        @contextmanager
        def runs() -> Iterator[Controller]:
            port = 7400 + 10 * number
            with started(world.run, f"traefik-{name}", f"traefik-{_TRAEFIK}", port, controller_class, own) as controller:
                yield controller

        image = f"docker.io/library/traefik:v{_TRAEFIK}"
        return runs(), _deployment(image, [_PROVIDER, *own]), ["--controller", "traefik"]

    _asks(world, _OF_TRAEFIK, running)
