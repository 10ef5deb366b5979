"""Traefik with its `kubernetesIngressNGINX` provider, which reads ingress-nginx's annotations.

It reads all namespaces: those that fit a selector are looked up once, when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..ask import ask
from ..cluster import as_list
from ..parts import binary
from ..processes import Process
from ..world import Run
from .controller import Controller
from .namespaces import CONTROLLER_CLASS, ingress_class

_HTTP = "127.0.0.1:7080"
_HTTPS = "127.0.0.1:7443"
_HEALTH = "127.0.0.1:7081"


@contextmanager
def running(run: Run) -> Iterator[Controller]:
    """Starts it."""
    folder = run.scratch / "traefik"
    folder.mkdir()
    run.cluster.apply(as_list([ingress_class()]))
    provider = "--providers.kubernetesingressnginx"
    process = Process(
        "traefik",
        run.network.command(
            [
                binary("traefik"),
                f"--entrypoints.http.address={_HTTP}",
                f"--entrypoints.https.address={_HTTPS}",
                f"--entrypoints.health.address={_HEALTH}",
                "--ping=true",
                "--ping.entrypoint=health",
                provider,
                f"{provider}.controllerclass={CONTROLLER_CLASS}",
                f"{provider}.httpentrypoint=http",
                f"{provider}.httpsentrypoint=https",
                # The default lets a change take 2 s.
                "--providers.providersthrottleduration=100ms",
                "--global.checknewversion=false",
                "--global.sendanonymoususage=false",
                "--log.level=INFO",
            ]
        ),
        folder / "traefik.log",
        {"KUBECONFIG": str(run.cluster.kubeconfig)},
        folder,
    )
    try:
        process.wait_until_ready(lambda: ask(run.network, f"http://{_HEALTH}/ping").status == 200)
        yield Controller("traefik", _HTTP, _HTTPS, process)
    finally:
        process.stop(patience=1)
