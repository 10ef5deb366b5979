"""Envoy Gateway with its provider `Kubernetes`, and an Envoy for each Gateway.

For each Gateway it makes a Deployment of Envoy, which nobody runs here: Envoy is started as that Deployment says, with
the certificates and the ConfigMap that its Pod would see. As Pods do, each has a network of its own, in which its ports
are fixed: a Gateway is reached by an address of its own, and any number of instances runs at once.
"""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ..ask import ask
from ..cluster import as_list
from ..network import Beside
from ..parts import binary
from ..processes import NotReady, Process, wait_until
from ..program import Object
from ..world import Run
from .controller import Controller

#: By which GatewayClasses know it.
CONTROLLER_NAME = "gateway.envoyproxy.io/gatewayclass-controller"

#: Ports of a Gateway below 1024 are this much higher in its Pod.
_SHIFT = 10_000
_FIRST_FREE_PORT = 1024
_HEALTH_PORT = 8081
#: Where Envoy says that it has read its first configuration.
_READY_PORT = 19003
#: Where Envoy Gateway has its certificate: fixed in it.
_CERTIFICATES = "/certs"
_SECRET_OF_GATEWAY = "envoy-gateway"
_SECRET_OF_ENVOY = "envoy"
_OWNER = "gateway.envoyproxy.io/owning-gateway"


def port(listener: int) -> int:
    """The port of Envoy that is a port of a Gateway."""
    return listener + _SHIFT if listener < _FIRST_FREE_PORT else listener


#: Namespace and name.
Place = tuple[str, str]


class Envoy(Controller):
    """That of a Gateway."""

    @property
    def address(self) -> str:
        """All ports are of this address."""
        return self.http.rpartition(":")[0]

    def at(self, listener: int) -> dict[str, object]:
        """A port of its Gateway, as the program that asks takes it (`hunt/asker.py`)."""
        return {"address": self.address, "port": port(listener)}


class NoEnvoy(Exception):
    """No listener of a Gateway is valid: Envoy Gateway makes no Envoy for it, and nobody listens."""


class EnvoyGateway:
    """A running Envoy Gateway; its Envoys start when they are first asked for."""

    def __init__(self, run: Run, name: str, process: Process, folder: Path, address: str) -> None:
        self.process = process
        self._run = run
        self._name = name
        self._folder = folder
        self._address = address
        self._certificates = folder / "certificates-of-envoy"
        self._open: dict[Place, ExitStack] = {}
        #: By namespace and name of the Gateway; None: there is none.
        self._envoys: dict[Place, Envoy | None] = {}
        _write_secret(run, name, _SECRET_OF_ENVOY, self._certificates)

    def envoy(self, namespace: str, gateway: str) -> Envoy:
        """That of a Gateway, which has read what the Gateway is now; NoEnvoy if there is none."""
        key = namespace, gateway
        if key not in self._envoys:
            self.start([key])
        found = self._envoys[key]
        if found is None:
            raise NoEnvoy(f"no listener of Gateway {namespace}/{gateway} is valid")
        return found

    def start(self, gateways: Collection[Place], are_ours: bool = True) -> None:
        """Starts those of Gateways at once; `are_ours`: they are of our classes, and their status is waited for."""
        made: dict[Place, Object] = {}

        def undecided() -> set[Place]:
            made.update(self._deployments())
            without = set(gateways) - set(made)
            return without - self._closed() if without and are_ours else set()

        try:
            wait_until(lambda: not undecided(), 60, "Deployments of Gateways", pause=0.5)
        except NotReady as error:
            raise NotReady(f"{error}: {undecided()}\n{self.process.log_tail()}") from None
        files = {each["metadata"]["name"]: each["data"] for each in self._objects("configmap")}
        self._envoys |= {key: self._launched(key, made[key], files) if key in made else None for key in gateways}
        for key in gateways:
            if envoy := self._envoys[key]:
                self._wait(envoy)

    def close(self) -> None:
        """Stops all Envoys; any can be started again."""
        self.stop(*{namespace for namespace, _ in self._envoys})

    def stop(self, *namespaces: str) -> None:
        """Stops those of the Gateways of these namespaces: a system lets few run at once, since they watch files."""
        for key in [each for each in self._envoys if each[0] in namespaces]:
            self._open.pop(key, ExitStack()).close()
            del self._envoys[key]

    def _launched(self, key: Place, deployment: Object, files: Mapping[str, Mapping[str, str]]) -> Envoy:
        name = f"{self._name}-{'-'.join(key)}"
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        stack = self._open[key] = ExitStack()
        beside = stack.enter_context(closing(self._run.network.beside()))
        process = Process(name, beside.command(self._command(deployment, files, folder)), folder / "envoy.log")
        stack.callback(lambda: process.stop(patience=0))
        return Envoy(name, f"{beside.address}:{port(80)}", f"{beside.address}:{port(443)}", process)

    def _wait(self, envoy: Envoy) -> None:
        ready = f"http://{envoy.address}:{_READY_PORT}/ready"
        envoy.process.wait_until_ready(lambda: ask(self._run.network, ready).status == 200)

    def _command(
        self, deployment: Object, files: Mapping[str, Mapping[str, str]], folder: Path
    ) -> list[str | Path]:
        """The command line of its container, with the files that it names in a folder of this run's."""
        pod = deployment["spec"]["template"]["spec"]
        [sds] = [each["configMap"]["name"] for each in pod["volumes"] if each["name"] == "sds"]
        for key, text in files[sds].items():
            (folder / key).write_text(text.replace(f"{_CERTIFICATES}/", f"{self._certificates}/"))
        [arguments] = [each["args"] for each in pod["containers"] if each["name"] == "envoy"]
        said = {
            "/sds/": f"{folder}/",
            f"envoy-gateway.{self._name}.svc.cluster.local.": self._address,
            "$(ENVOY_POD_NAME)": folder.name,
            "$(ENVOY_SERVICE_ZONE)": "",
        }
        return [binary("envoy"), *(_replaced(each, said) for each in arguments)]

    def _deployments(self) -> dict[Place, Object]:
        """Those for Gateways."""
        labelled = ((each["metadata"].get("labels", {}), each) for each in self._objects("deployment"))
        return {
            (labels[f"{_OWNER}-namespace"], labels[f"{_OWNER}-name"]): each
            for labels, each in labelled
            if f"{_OWNER}-name" in labels
        }

    def _closed(self) -> set[Place]:
        """Gateways without a valid listener."""
        return {
            (each["metadata"]["namespace"], each["metadata"]["name"])
            for each in self._run.cluster.objects("gateways.gateway.networking.k8s.io")
            if _has_only_invalid(each.get("status", {}))
        }

    def _objects(self, kind: str) -> list[Object]:
        return self._run.cluster.objects(kind, namespace=self._name)


def _has_only_invalid(status: Object) -> bool:
    """Whether no listener works. The status of the Gateway as a whole does not say that: it can be `Accepted`
    nevertheless."""
    said = [_programmed(each["conditions"]) for each in status.get("listeners", [])]
    return bool(said) and not any(said) and not status.get("attachedListenerSets")


def _programmed(conditions: Sequence[Object]) -> bool:
    return any(each["type"] == "Programmed" and each["status"] == "True" for each in conditions)


@contextmanager
def started(run: Run, name: str, namespaces: Mapping[str, str]) -> Iterator[EnvoyGateway]:
    """Starts it, in a namespace of its name. It reads what is in namespaces with these labels, and the GatewayClasses
    of `CONTROLLER_NAME`."""
    folder = run.scratch / name
    certificates = folder / "certificates"
    folder.mkdir()
    configuration = folder / "envoy-gateway.json"
    configuration.write_text(json.dumps(_configuration(namespaces)))
    run.cluster.create(name)
    environment = {"KUBECONFIG": str(run.cluster.kubeconfig_beside), "ENVOY_GATEWAY_NAMESPACE": name}
    with closing(run.network.beside()) as beside:
        _make_certificates(beside, environment)
        _write_secret(run, name, _SECRET_OF_GATEWAY, certificates)
        bind = f"mkdir -p {_CERTIFICATES}; mount --bind {shlex.quote(str(certificates))} {_CERTIFICATES}"
        serve = [str(binary("envoy-gateway")), "server", "--config-path", str(configuration)]
        process = Process(
            name,
            beside.command(["unshare", "--mount", "bash", "-euc", f"{bind}; exec {shlex.join(serve)}"]),
            folder / "envoy-gateway.log",
            environment,
            folder,
            noise=".*\tinfo\t",
        )
        found = EnvoyGateway(run, name, process, folder, beside.address)
        try:
            ready = f"http://{beside.address}:{_HEALTH_PORT}/readyz"
            process.wait_until_ready(lambda: ask(run.network, ready).status == 200)
            yield found
        finally:
            found.close()
            process.stop(patience=1)


def _make_certificates(beside: Beside, environment: Mapping[str, str]) -> None:
    """What Envoy Gateway and its Envoys prove themselves with to each other: Secrets in its namespace."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    command: list[str | Path] = ["env", *variables, binary("envoy-gateway"), "certgen", "--disable-topology-injector"]
    subprocess.run(beside.command(command), check=True, capture_output=True)


def _write_secret(run: Run, namespace: str, name: str, folder: Path) -> None:
    folder.mkdir()
    for key, value in run.cluster.get("secret", name, namespace)["data"].items():
        (folder / key).write_bytes(base64.b64decode(value))


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for old, new in values.items():
        text = text.replace(old, new)
    return text


def _configuration(namespaces: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyGateway",
        "gateway": {"controllerName": CONTROLLER_NAME},
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {
                "watch": {"type": "NamespaceSelector", "namespaceSelector": {"matchLabels": dict(namespaces)}},
                "leaderElection": {"disable": True},
                # A webhook that tells Envoy the zone of its node.
                "proxyTopologyInjector": {"disabled": True},
                "client": {"rateLimit": {"qps": 1000, "burst": 1000}},
            },
        },
        "telemetry": {"metrics": {"prometheus": {"disable": True}}},
    }


def gateway_class(name: str, controller: str = CONTROLLER_NAME) -> Object:
    """A class of Gateways, of those that it serves."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": controller},
    }
