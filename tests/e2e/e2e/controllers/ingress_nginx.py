"""The ingress-nginx controller over Debian's nginx.

Version 1.11 is the newest that the Go module proxy has; it is set up as 1.12 and later are by default. It
gets folders of its own at the paths that are fixed in it, and a process namespace of its own: when the
controller is stopped, however that goes, its nginx is gone too.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..ask import ask
from ..cluster import as_list
from ..parts import E2E, binary
from ..processes import Process
from ..program import Object
from ..world import Run
from .controller import Controller
from .namespaces import CONTROLLER_CLASS, NAMESPACE_SELECTOR, ingress_class

NAMESPACE = "ingress-nginx"
_POD = "controller"
SETTINGS = "controller"
_HTTP = 80
_HTTPS = 443
_HEALTH = "http://127.0.0.1:10254/healthz"
#: Paths that are fixed in the controller, and the run's own folders that it finds there.
_FOLDERS = {"/etc/nginx": "configuration", "/etc/ingress-controller": "certificates", "/tmp/nginx": "state"}


@contextmanager
def running(run: Run) -> Iterator[Controller]:
    """Starts it; ends it at once, because nothing of it has to outlive the run."""
    folder = run.scratch / "ingress-nginx"
    folder.mkdir()
    run.cluster.apply(as_list(_objects()))
    command = run.network.command(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
    process = Process(
        "ingress-nginx",
        [*command, "bash", "-euc", _start(folder, run.cluster.kubeconfig)],
        folder / "controller.log",
        {"POD_NAME": _POD, "POD_NAMESPACE": NAMESPACE, "NGINX_BINARY": "/usr/sbin/nginx"},
        Path("/"),
    )
    try:
        process.wait_until_ready(lambda: ask(run.network, _HEALTH).status == 200)
        yield Controller("ingress-nginx", f"127.0.0.1:{_HTTP}", f"127.0.0.1:{_HTTPS}", process)
    finally:
        process.stop(patience=0)


def _start(folder: Path, kubeconfig: Path) -> str:
    """Binds the folders and becomes the controller."""
    shutil.copytree(E2E / "parts/ingress-nginx/etc", folder / _FOLDERS["/etc/nginx"])
    for name in ("ssl", "auth", "telemetry", "geoip"):
        (folder / _FOLDERS["/etc/ingress-controller"] / name).mkdir(parents=True)
    (folder / _FOLDERS["/tmp/nginx"]).mkdir()
    binds = [f"mkdir -p {path}; mount --bind {shlex.quote(str(folder / own))} {path}" for path, own in _FOLDERS.items()]
    return "\n".join([*binds, f"exec {shlex.join(_controller(kubeconfig))}"])


def _controller(kubeconfig: Path) -> list[str]:
    return [
        str(binary("nginx-ingress-controller")),
        f"--kubeconfig={kubeconfig}",
        f"--configmap={NAMESPACE}/{SETTINGS}",
        f"--controller-class={CONTROLLER_CLASS}",
        f"--watch-namespace-selector={NAMESPACE_SELECTOR}",
        f"--http-port={_HTTP}",
        f"--https-port={_HTTPS}",
        # The default since 1.12.
        "--enable-annotation-validation",
        # The default lets a change take 3.3 s.
        "--sync-rate-limit=10",
        "--update-status=false",
        "--disable-leader-election",
        "--enable-metrics=false",
        "--profiling=false",
    ]


def _objects() -> list[Object]:
    """The class, the settings, and the Pod that the controller takes itself for."""
    inside = {"namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        ingress_class(),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": SETTINGS, **inside},
            # The defaults since 1.12.
            "data": {"allow-cross-namespace-resources": "false", "annotations-risk-level": "High"},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": _POD, **inside, "labels": {"app.kubernetes.io/name": "ingress-nginx"}},
            "spec": {"containers": [{"name": "controller", "image": "none"}]},
        },
    ]
