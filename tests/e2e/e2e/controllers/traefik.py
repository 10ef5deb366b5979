"""Traefik with its `kubernetesIngressNGINX` provider, which reads ingress-nginx's annotations.

It reads all namespaces: those that fit a selector are looked up once, when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..ask import ask
from ..cluster import as_list
from ..parts import binary
from ..processes import Process
from ..world import Run
from .controller import Controller
from .namespaces import CONTROLLER_CLASS, ingress_class

_PROVIDER = "--providers.kubernetesingressnginx"


@contextmanager
def running(run: Run) -> Iterator[Controller]:
    """Starts it."""
    run.cluster.apply(as_list([ingress_class()]))
    with started(run, "traefik", "traefik", 7080, CONTROLLER_CLASS) as controller:
        yield controller


@contextmanager
def started(
    run: Run, name: str, program: str, port: int, controller_class: str, flags: Sequence[str] = ()
) -> Iterator[Controller]:
    """Starts one of the installed programs, which reads the Ingresses of a controller class; it takes three ports from
    `port` on."""
    folder = run.scratch / name
    folder.mkdir()
    http, https, health = (f"127.0.0.1:{port + at}" for at in range(3))
    process = Process(
        name,
        run.network.command(
            [
                binary(program),
                f"--entrypoints.http.address={http}",
                f"--entrypoints.https.address={https}",
                f"--entrypoints.health.address={health}",
                "--ping=true",
                "--ping.entrypoint=health",
                _PROVIDER,
                f"{_PROVIDER}.controllerclass={controller_class}",
                f"{_PROVIDER}.httpentrypoint=http",
                f"{_PROVIDER}.httpsentrypoint=https",
                # The default lets a change take 2 s.
                "--providers.providersthrottleduration=100ms",
                "--global.checknewversion=false",
                "--global.sendanonymoususage=false",
                "--log.level=INFO",
                *flags,
            ]
        ),
        folder / "traefik.log",
        {"KUBECONFIG": str(run.cluster.kubeconfig)},
        folder,
    )
    try:
        process.wait_until_ready(lambda: ask(run.network, f"http://{health}/ping").status == 200)
        yield Controller(name, http, https, process)
    finally:
        process.stop(patience=1)
