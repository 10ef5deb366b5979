"""`mtlsgen access`: what becomes of requests, by the model."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cluster import Cluster, as_list
from ..controllers.ingress_nginx import NAMESPACE
from ..program import Object, Program

#: Begins the names of our clients: mtlsgen has some of its own, whose keys do not exist.
_OURS = "e2e-"
_NOTHING = "nothing"


@dataclass(frozen=True)
class Request:
    """One request."""

    scheme: str
    host: str
    path: str
    #: None: without a certificate.
    client: str | None = None
    #: The object whose address is asked, where the controller has several.
    address: str = ""
    #: The port of HTTPS that is asked; by plain HTTP, always the same one.
    port: int = 443

    def __str__(self) -> str:
        port = "" if self.port == 443 else f":{self.port}"
        at = f" at {self.address}" if self.address else ""
        return f"{self.scheme}://{self.host}{port}{self.path}{at}, client {self.client}"


def shown(cluster: Cluster, resources: str, namespaces: Collection[str], settings: str) -> list[Object]:
    """What the model reads: the classes, the controller's ConfigMap of this name, the namespaces, and what lies in them."""
    return [each for each in cluster.objects(resources) if _is_shown(each, namespaces, settings)]


def _is_shown(each: Object, namespaces: Collection[str], settings: str) -> bool:
    metadata = each["metadata"]
    if "namespace" not in metadata:
        return each["kind"] != "Namespace" or metadata["name"] in namespaces
    own = (metadata["namespace"], metadata["name"]) == (NAMESPACE, settings)
    # Where the controller has one, no other ConfigMap matters.
    return own if each["kind"] == "ConfigMap" and settings else metadata["namespace"] in namespaces


#: A verdict as it is printed: `verdict`, and what belongs to it.
Verdict = Mapping[str, Any]


def access(
    program: Program,
    folder: Path,
    controller: Sequence[str],
    objects: Sequence[Object],
    clients: Mapping[str, Path],
    hosts: Collection[str],
    paths: Collection[str],
) -> dict[Request, Verdict]:
    """What the model says of requests for these hosts, as these clients and without a certificate; `controller`: the
    arguments that name it."""
    said = answers(program, folder, controller, objects, clients, hosts, paths)
    asked = {
        Request(scheme, host, path, client)
        for host in hosts
        for path in paths
        for scheme, client in (("http", None), ("https", None), *(("https", name) for name in clients))
    }
    assert asked <= set(said), f"mtlsgen access says nothing of {next(iter(asked - set(said)))}"
    return said


def answers(
    program: Program,
    folder: Path,
    controller: Sequence[str],
    objects: Sequence[Object],
    clients: Mapping[str, Path],
    hosts: Collection[str],
    paths: Collection[str],
) -> dict[Request, Verdict]:
    """The same, wherever a host is served; where it is not, nothing is said of it."""
    arguments: list[str] = ["access", "--format", "json", "--whole-cluster", *controller]
    for name, file in clients.items():
        arguments += ["--client", f"{_OURS}{name}={file}"]
    for host in dict.fromkeys(hosts):
        arguments += ["--host", host]
    for path in dict.fromkeys(paths):
        arguments += ["--path", path]
    printed = json.loads(program.run(*arguments, "-", folder=folder, stdin=as_list(list(objects))).stdout)
    assert printed["kind"] == "Access", printed["kind"]
    return dict(_verdicts(printed, clients))


def _verdicts(printed: Mapping[str, Any], clients: Mapping[str, Path]) -> Iterable[tuple[Request, Verdict]]:
    for host in printed["hosts"]:
        for each in host["requests"]:
            client = each["client"]
            if client == _NOTHING or client.removeprefix(_OURS) in clients:
                shown = None if client == _NOTHING else client.removeprefix(_OURS)
                port = host.get("httpsPort", 443) if each["scheme"] == "https" else 443
                address = host.get("address", "")
                yield Request(each["scheme"], host["host"], each["path"], shown, address, port), each
