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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ..ask import ask
from ..cluster import as_list
from ..network import Beside
from ..parts import binary
from ..processes import Process, wait_until
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
        self._open = ExitStack()
        self._envoys: dict[tuple[str, str], Controller] = {}

    def envoy(self, namespace: str, gateway: str) -> Controller:
        """That of a Gateway, which has read what the Gateway is now; NoEnvoy if there is none."""
        key = namespace, gateway
        if key not in self._envoys:
            self._envoys[key] = self._start(*key)
        return self._envoys[key]

    def close(self) -> None:
        """Stops all Envoys."""
        self._open.close()

    def _start(self, namespace: str, gateway: str) -> Controller:
        deployment = self._deployment(namespace, gateway)
        name = f"{self._name}-{len(self._envoys)}"
        folder = self._folder / name
        folder.mkdir()
        beside = self._open.enter_context(closing(self._run.network.beside()))
        process = Process(name, beside.command(self._envoy(deployment, folder)), folder / "envoy.log")
        self._open.callback(lambda: process.stop(patience=0))
        ready = f"http://{beside.address}:{_READY_PORT}/ready"
        process.wait_until_ready(lambda: ask(self._run.network, ready).status == 200)
        return Controller(name, f"{beside.address}:{port(80)}", f"{beside.address}:{port(443)}", process)

    def _envoy(self, deployment: Object, folder: Path) -> list[str | Path]:
        """The command line of its container, with the files that it names in a folder of this run's."""
        certificates = folder / "certificates"
        _write_secret(self._run, self._name, _SECRET_OF_ENVOY, certificates)
        pod = deployment["spec"]["template"]["spec"]
        [sds] = [each["configMap"]["name"] for each in pod["volumes"] if each["name"] == "sds"]
        for key, text in self._run.cluster.get("configmap", sds, self._name)["data"].items():
            (folder / key).write_text(text.replace(f"{_CERTIFICATES}/", f"{certificates}/"))
        [arguments] = [each["args"] for each in pod["containers"] if each["name"] == "envoy"]
        said = {
            "/sds/": f"{folder}/",
            f"envoy-gateway.{self._name}.svc.cluster.local.": self._address,
            "$(ENVOY_POD_NAME)": folder.name,
            "$(ENVOY_SERVICE_ZONE)": "",
        }
        return [binary("envoy"), *(_replaced(each, said) for each in arguments)]

    def _deployment(self, namespace: str, gateway: str) -> Object:
        labels = f"{_OWNER}-namespace={namespace},{_OWNER}-name={gateway}"
        made: list[Object] = []

        def decided() -> bool:
            made[:] = self._run.cluster.objects("deployment", "--selector", labels, namespace=self._name)
            if not made and self._has_only_invalid(namespace, gateway):
                raise NoEnvoy(f"no listener of Gateway {namespace}/{gateway} is valid")
            return bool(made)

        wait_until(decided, 30, f"a Deployment for Gateway {namespace}/{gateway}")
        [deployment] = made
        return deployment

    def _has_only_invalid(self, namespace: str, gateway: str) -> bool:
        """Whether its status says so. That of the Gateway as a whole does not: it can be `Accepted` nevertheless."""
        status = self._run.cluster.get("gateway", gateway, namespace).get("status", {})
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


def gateway_class(name: str) -> Object:
    """A class of Gateways that it serves."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": CONTROLLER_NAME},
    }
