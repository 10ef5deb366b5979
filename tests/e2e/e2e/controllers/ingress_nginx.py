"""The ingress-nginx controller over Debian's nginx, with its admission webhook.

Version 1.11 is the newest that the Go module proxy has; it is set up as 1.12 and later are by default. Each
instance gets folders of its own at the paths that are fixed in it, and a process namespace of its own: when
the controller is stopped, however that goes, its nginx is gone too.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ..ask import ask
from ..cluster import as_list
from ..parts import E2E, binary
from ..processes import Process
from ..program import Object
from ..world import Run
from .admission import Webhook, registered
from .controller import Controller
from .namespaces import CONTROLLER_CLASS, INGRESS_CLASS, SERVED, ingress_class

NAMESPACE = "ingress-nginx"
_POD = "controller"
#: ConfigMap of the controller that most cases ask.
SETTINGS = "controller"
#: What is on by default since 1.12.
DEFAULTS: Mapping[str, str] = {
    "allow-cross-namespace-resources": "false",
    "allow-snippet-annotations": "false",
    "annotations-risk-level": "High",
    "strict-validate-path-type": "true",
}
#: What the controller takes for nginx.
_NGINX = E2E / "parts/ingress-nginx/nginx"
#: Paths that are fixed in the controller, and the run's own folders that it finds there.
_FOLDERS = {"/etc/nginx": "configuration", "/etc/ingress-controller": "certificates", "/tmp/nginx": "state"}


@dataclass(frozen=True)
class Instance:
    """A controller with settings of its own, for Ingresses of a class of its own."""

    name: str = "ingress-nginx"
    ingress_class: str = INGRESS_CLASS
    controller_class: str = CONTROLLER_CLASS
    #: Name of the ConfigMap.
    settings_name: str = SETTINGS
    #: What the ConfigMap says beside, or in place of, the defaults.
    settings: Mapping[str, str] = field(default_factory=dict)
    http: int = 80
    https: int = 443
    #: First of the ports that clients do not see.
    first_port: int = 10300
    #: Whether clients ask it.
    serves: bool = True
    #: Whether the API server has it judge Ingresses before they are stored.
    judges: bool = True
    #: Further arguments; what is repeated here counts.
    arguments: Sequence[str] = ()
    #: Label of the namespaces that are read and judged; empty: all.
    namespaces: Mapping[str, str] = field(default_factory=lambda: SERVED)
    #: Label of the Ingresses that are judged; empty: all.
    judged: Mapping[str, str] = field(default_factory=dict)


def another(number: int, name: str, settings: Mapping[str, str]) -> Instance:
    """An instance beside the first: `number`, above 0, distinguishes those that run at once. Its Ingresses name the
    class `name`."""
    return Instance(
        name=name,
        ingress_class=name,
        controller_class=f"e2e.mtlsgen.dev/{name}",
        settings_name=name,
        settings=settings,
        http=8100 + number,
        https=8200 + number,
        first_port=10300 + 10 * number,
    )


def starts(instance: Instance) -> Callable[[Run], AbstractContextManager[Controller]]:
    """What starts an instance, and ends it at once: nothing of it has to outlive the run."""

    @contextmanager
    def running(run: Run) -> Iterator[Controller]:
        folder = run.scratch / instance.name
        folder.mkdir()
        run.cluster.apply(as_list(_objects(instance)))
        webhook = _webhook(instance, folder)
        webhook.make_certificate()
        process = Process(
            instance.name,
            run.network.command(
                [*_ISOLATED, "bash", "-euc", _start(instance, folder, run.cluster.kubeconfig, webhook)]
            ),
            folder / "controller.log",
            {"POD_NAME": _POD, "POD_NAMESPACE": NAMESPACE, "NGINX_BINARY": str(_NGINX)},
            Path("/"),
        )
        health = f"http://127.0.0.1:{instance.first_port + 1}/healthz"
        try:
            process.wait_until_ready(lambda: not instance.serves or ask(run.network, health).status == 200)
            with registered(run.cluster, webhook, NAMESPACE) if instance.judges else nullcontext():
                http, https = f"127.0.0.1:{instance.http}", f"127.0.0.1:{instance.https}"
                yield Controller(instance.name, http, https, process, reloading)
        finally:
            process.stop(patience=0)

    return running


running = starts(Instance())


def reloading(log: Path, before: int) -> bool:
    """Whether nginx reloaded when its log had `before` bytes, or has begun to since: from the signal until every
    worker of before has said that it accepts no more, either generation of workers answers."""
    with log.open("rb") as file:
        first = max(0, before - _RELOAD)
        file.seek(first)
        text = file.read()
    begun = text.rfind(b"signal 1 (SIGHUP) received")
    ended = text.count(b": gracefully shutting down", begun, before - first)
    return begun >= 0 and ended < max(1, text.count(b": start worker process ", begun))


#: Bytes of the log that a reload and what is said beside it fit into.
_RELOAD = 400_000


def _webhook(instance: Instance, folder: Path) -> Webhook:
    return Webhook(
        name=instance.name,
        ingress_class=instance.ingress_class,
        port=instance.first_port,
        certificate=folder / "webhook.pem",
        key=folder / "webhook.key",
        namespaces=instance.namespaces,
        labels=instance.judged,
    )


_ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def _start(instance: Instance, folder: Path, kubeconfig: Path, webhook: Webhook) -> str:
    """Binds the folders and becomes the controller."""
    shutil.copytree(E2E / "parts/ingress-nginx/etc", folder / _FOLDERS["/etc/nginx"])
    for name in ("ssl", "auth", "telemetry", "geoip"):
        (folder / _FOLDERS["/etc/ingress-controller"] / name).mkdir(parents=True)
    (folder / _FOLDERS["/tmp/nginx"]).mkdir()
    binds = [f"mkdir -p {path}; mount --bind {shlex.quote(str(folder / own))} {path}" for path, own in _FOLDERS.items()]
    return "\n".join([*binds, f"exec {shlex.join(_controller(instance, kubeconfig, webhook))}"])


def _controller(instance: Instance, kubeconfig: Path, webhook: Webhook) -> list[str]:
    port = instance.first_port
    selector = ",".join(f"{label}={value}" for label, value in instance.namespaces.items())
    return [
        str(binary("nginx-ingress-controller")),
        f"--kubeconfig={kubeconfig}",
        f"--configmap={NAMESPACE}/{instance.settings_name}",
        f"--ingress-class={instance.ingress_class}",
        f"--controller-class={instance.controller_class}",
        *([f"--watch-namespace-selector={selector}"] if selector else []),
        f"--http-port={instance.http}",
        f"--https-port={instance.https}",
        f"--healthz-port={port + 1}",
        f"--status-port={port + 2}",
        f"--stream-port={port + 3}",
        f"--default-server-port={port + 4}",
        f"--profiler-port={port + 5}",
        f"--validating-webhook=127.0.0.1:{webhook.port}",
        f"--validating-webhook-certificate={webhook.certificate}",
        f"--validating-webhook-key={webhook.key}",
        # The default since 1.12.
        "--enable-annotation-validation",
        # The default lets a change take 3.3 s.
        "--sync-rate-limit=10",
        "--update-status=false",
        "--disable-leader-election",
        "--enable-metrics=false",
        "--profiling=false",
        *instance.arguments,
    ]


def _objects(instance: Instance) -> list[Object]:
    """The class, the settings, and the Pod that the controller takes itself for."""
    inside = {"namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": SERVED}},
        ingress_class(instance.ingress_class, instance.controller_class),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": instance.settings_name, **inside},
            "data": {**DEFAULTS, **instance.settings},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": _POD, **inside, "labels": {"app.kubernetes.io/name": "ingress-nginx"}},
            "spec": {"containers": [{"name": "controller", "image": "none"}]},
        },
    ]
