"""A real Kubernetes API: etcd and kube-apiserver in the run's network, spoken to by the real kubectl.

No controllers run: nothing makes Pods of Deployments, and a namespace that is deleted stays Terminating;
so every case takes new ones. Ports are fixed, because nothing else is in the run's network.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .network import BACKEND_ADDRESS, Network
from .parts import binary
from .processes import Process, wait_until
from .program import Finished, Object

API = "https://127.0.0.1:6443"
#: The same from a network beside the run's.
_API_FROM_BESIDE = f"https://{BACKEND_ADDRESS}:6443"
_ETCD = "http://127.0.0.1:2379"
_ETCD_PEERS = "http://127.0.0.1:2380"
_TOKEN = "end-to-end"
_SERVICES = "10.96.0.0/16"


class Cluster:
    """The API server of a run."""

    def __init__(self, network: Network, folder: Path) -> None:
        self._network = network
        self._folder = folder
        self._numbers = itertools.count(1)
        folder.mkdir()
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(API)))
        #: For what runs in a network beside the run's.
        self.kubeconfig_beside = folder / "kubeconfig-beside"
        self.kubeconfig_beside.write_text(json.dumps(_kubeconfig(_API_FROM_BESIDE)))
        self._running = ExitStack()
        self.processes: list[Process] = []
        try:
            self._start("etcd", self._etcd())
            api = self._start("kube-apiserver", self._api_server())
            api.wait_until_ready(lambda: self.kubectl("get", "--raw", "/readyz", check=False).status == 0, 120)
            wait_until(lambda: self.kubectl("get", "namespace", "default", check=False).status == 0, 60, "default")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stops API server and etcd."""
        self._running.close()

    def kubectl(
        self, *arguments: str | Path, stdin: str = "", namespace: str | None = None, check: bool = True
    ) -> Finished:
        """Runs kubectl; AssertionError with its words if it fails and `check` is set."""
        place = ["--namespace", namespace] if namespace else []
        command = [binary("kubectl"), "--kubeconfig", self.kubeconfig, *place, *arguments]
        result = subprocess.run(self._network.command(command), input=stdin, capture_output=True, text=True)
        finished = Finished(result.returncode, result.stdout, result.stderr)
        assert not check or not finished.status, f"kubectl {' '.join(map(str, arguments))}:\n{finished.stderr}"
        return finished

    def new_namespace(self, hint: str = "case") -> str:
        """Makes a namespace with a name that is new in this run."""
        name = f"{hint}-{next(self._numbers)}"
        self.create(name)
        return name

    def create(self, *namespaces: str) -> None:
        """Makes these namespaces; those that exist stay as they are."""
        there = {each["metadata"]["name"] for each in self.objects("namespace")}
        new = [name for name in namespaces if name not in there]
        objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in new]
        if objects:
            self.apply(as_list(objects))

    def apply(self, manifests: str, *flags: str, namespace: str | None = None) -> Finished:
        """`kubectl apply --server-side --validate=strict` of a YAML or JSON stream."""
        return self.kubectl(
            "apply", "--server-side", "--validate=strict", *flags, "-f", "-", stdin=manifests, namespace=namespace
        )

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """One object."""
        found: Object = json.loads(self.kubectl("get", kind, name, "-o", "json", namespace=namespace).stdout)
        return found

    def objects(self, kinds: str, *flags: str, namespace: str | None = None) -> list[Object]:
        """The objects of some kinds (`service,ingress`) in a namespace, or in all of them."""
        place = [] if namespace else ["--all-namespaces"]
        text = self.kubectl("get", kinds, *place, *flags, "-o", "json", namespace=namespace).stdout
        items: list[Object] = json.loads(text)["items"]
        return items

    def _start(self, name: str, command: list[str | Path]) -> Process:
        log = self._folder / f"{name}.log"
        # The API server logs every address that it hands out, etcd of every default that it takes.
        process = Process(name, self._network.command(command), log, noise=r'I\d{4} |\{"level":"(info|warn)"')
        self._running.callback(process.stop)
        self.processes.append(process)
        return process

    def _etcd(self) -> list[str | Path]:
        return [
            binary("etcd"), "--data-dir", self._folder / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
            "--listen-client-urls", _ETCD, "--advertise-client-urls", _ETCD,
            "--listen-peer-urls", _ETCD_PEERS, "--initial-advertise-peer-urls", _ETCD_PEERS,
            "--initial-cluster", f"default={_ETCD_PEERS}",
        ]  # fmt: skip

    def _api_server(self) -> list[str | Path]:
        tokens = self._folder / "tokens.csv"
        tokens.write_text(f"{_TOKEN},tests,1,system:masters\n")
        key = self._folder / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        return [
            binary("kube-apiserver"), "--etcd-servers", _ETCD,
            "--bind-address", "0.0.0.0", "--secure-port", "6443", "--advertise-address", BACKEND_ADDRESS,
            "--cert-dir", self._folder / "certificates", "--service-cluster-ip-range", _SERVICES,
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-signing-key-file", key, "--service-account-key-file", key,
            "--token-auth-file", tokens, "--authorization-mode", "AlwaysAllow",
            "--disable-admission-plugins", "ServiceAccount", "--endpoint-reconciler-type", "none",
        ]  # fmt: skip


def as_list(objects: list[Object]) -> str:
    """Objects as one `List`, in JSON: what kubectl reads quickest."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def _kubeconfig(server: str) -> dict[str, Any]:
    cluster = {"server": server, "insecure-skip-tls-verify": True}
    context = {"cluster": "tests", "user": "tests", "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "tests", "context": context}],
        "current-context": "tests",
    }
