"""Many specs put before the controller at once."""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ..controllers import Controller
from ..controllers.namespaces import INGRESS_CLASS, SERVED
from ..processes import NotReady, wait_until
from ..program import Object
from ..specs.doors import CONTAINER_PORTS, Doors, Other
from .ground import Ground
from .oracle import Service, service_ports
from .policy import existing_bundle
from .rendered import Rendered, rendered

_SENTINEL = "hunt-sentinel"
_NUMBERS = itertools.count(1)
#: A configuration that is fine is served within a second or two.
_PATIENCE = 25
#: So long after nginx has refused a configuration, it is not one that was half written.
_REFUSED = 4


class NotRead(Exception):
    """The controller did not read a batch: something in it keeps it from taking any configuration."""


@dataclass
class Batch:
    """Specs that are being served."""

    rendered: list[Rendered]
    #: Address and port to the Service's port behind them.
    services: dict[str, Service] = field(default_factory=dict)
    #: What the API server or the controller's webhook did not take of mtlsgen's objects: name of the spec, and
    #: their words.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: Names of specs of which something is missing for that reason, be it an Ingress of others.
    partial: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> list[Rendered]:
        return [each for each in self.rendered if each.verdict == "accepted"]


def render_all(ground: Ground, folder: Path, doors: Sequence[Doors]) -> list[Rendered]:
    """Renders them, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda each: rendered(ground.run.program, folder / each.name, each), doors))


def serve_batch(ground: Ground, batch: Batch) -> None:
    """Applies what was accepted, in the order of age, and waits until the controller has read it."""
    surroundings: list[Object] = []
    for each in batch.accepted:
        surroundings += _surroundings(ground, batch, each)
    if not surroundings:
        return
    ground.api.apply(surroundings)
    ages = sorted({age for each in batch.accepted for age in _ages(each)})
    for number, age in enumerate(ages):
        if number:
            # Ages count in whole seconds.
            time.sleep(1.05)
        _apply(ground, batch, age)
    _wait(ground, batch)


def withdraw(ground: Ground, batch: Batch) -> None:
    """Takes away what a controller would have to look at."""
    ground.api.remove(sorted({name for each in batch.accepted for name in each.doors.namespaces}))


def _ages(found: Rendered) -> set[int]:
    return {0, *(other.age for other in found.doors.others)}


def _apply(ground: Ground, batch: Batch, age: int) -> None:
    owners = {id(one): each for each in batch.accepted for one in each.objects if _age(each, one) == age}
    objects = [one for each in batch.accepted for one in each.objects if id(one) in owners]
    for one, words in ground.api.apply(objects):
        owner = owners[id(one)]
        batch.partial.add(owner.doors.name)
        if not _other(owner, one):
            batch.refused.append((owner.doors.name, words))


def _age(found: Rendered, each: Object) -> int:
    other = _other(found, each)
    return other.age if other else 0


def _other(found: Rendered, each: Object) -> Other | None:
    """The Ingress of others that an object is."""
    place = (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
    for other in found.doors.others:
        metadata = other.ingress["metadata"]
        if place == ("Ingress", metadata["namespace"], metadata["name"]):
            return other
    return None


def _surroundings(ground: Ground, batch: Batch, found: Rendered) -> list[Object]:
    """Namespaces, what the spec takes for granted, and endpoints."""
    objects: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": SERVED}}
        for name in found.doors.namespaces
    ]
    objects += _secrets(ground, found.doors)
    rendered = {
        (each["metadata"]["namespace"], each["metadata"]["name"]) for each in found.objects if each["kind"] == "Service"
    }
    for (namespace, name), ports in service_ports(found.doors).items():
        metadata = {"name": name, "namespace": namespace}
        if (namespace, name) not in rendered:
            given = [
                {**({"name": port} if port else {}), "port": number, "targetPort": at}
                for (port, number), at in zip(ports, CONTAINER_PORTS, strict=False)
            ]
            objects.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": given}})
        address = ground.new_address()
        for (_, number), at in zip(ports, CONTAINER_PORTS, strict=False):
            batch.services[f"{address}:{at}"] = (namespace, name, number)
        objects.append(endpoint_slice(namespace, name, [port for port, _ in ports], address))
    return objects


def endpoint_slice(namespace: str, name: str, ports: Sequence[str], address: str) -> Object:
    """The backend behind a Service, at an address; ports by name."""
    labels = {"kubernetes.io/service-name": name}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "addressType": "IPv4",
        "ports": [
            {"name": port, "protocol": "TCP", "port": number}
            for port, number in zip(ports, CONTAINER_PORTS, strict=False)
        ],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }


def _secrets(ground: Ground, doors: Doors) -> list[Object]:
    """The Secrets that the spec says exist."""
    made: dict[tuple[str, str], Object] = {}
    pair = {"tls.crt": ground.roots.certificate("server"), "tls.key": ground.roots.key("server")}
    for namespace in doors.namespaces:
        made[namespace, "theirs"] = _secret(namespace, "theirs", pair)
    for entry in doors.content["hosts"].values():
        namespace = entry.get("namespace", doors.content["namespace"])
        tls = entry.get("tls")
        if tls and set(tls) == {"secretName"}:
            made[namespace, tls["secretName"]] = _secret(namespace, tls["secretName"], pair)
        auth = entry.get("clientAuth")
        if auth and "cas" not in auth:
            place, _, name = auth["secretName"].partition("/")
            bundle = ground.roots.certificate(existing_bundle(auth["secretName"]))
            made[place, name] = _secret(place, name, {"ca.crt": bundle})
    return list(made.values())


def _secret(namespace: str, name: str, files: dict[str, Path]) -> Object:
    data = {key: base64.b64encode(path.read_bytes()).decode() for key, path in files.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def _wait(ground: Ground, batch: Batch) -> None:
    """Puts an Ingress of our own last, and asks for it until it is served."""
    number = next(_NUMBERS)
    host, address = f"s{number}.sentinel.hunt.test", ground.new_address()
    objects = _sentinel(ground, host, address)
    refused = ground.api.apply(objects)
    assert not refused, f"the sentinel was not taken: {refused}"

    def served() -> bool:
        port = int(ground.door.http.rpartition(":")[2])
        wanted = {"tls": False, "port": port, "sni": None, "cert": None, "key": None, "asks": [[host, "/"]]}
        return bool(ground.asker.ask([wanted])[0][0]["service"] == f"{address}:{CONTAINER_PORTS[0]}")

    wait_until_read(ground.door, host, served)


def wait_until_read(door: Controller, host: str, served: Callable[[], bool], before: int | None = None) -> None:
    """Waits until the last host is served; NotRead, if nginx refuses the configuration. Its words count from this
    length of its log on: the present one, unless another is given."""
    log = door.process.log
    before = log.stat().st_size if before is None else before
    complained: list[float] = []

    def over() -> bool:
        if served():
            return True
        if not complained and b"[emerg]" in log.read_bytes()[before:]:
            complained.append(time.monotonic())
        return bool(complained) and time.monotonic() - complained[0] > _REFUSED

    try:
        wait_until(over, _PATIENCE, host, pause=0.1)
    except NotReady as error:
        raise NotRead(_complaints(log, before)) from error
    if complained and not served():
        raise NotRead(_complaints(log, before))


def _complaints(log: Path, before: int) -> str:
    """What nginx said meanwhile, or else the last that the controller said."""
    lines = log.read_bytes()[before:].decode(errors="replace").splitlines()
    serious = [line.strip() for line in lines if "[emerg]" in line]
    return "\n".join((serious or lines)[-3:])


def _sentinel(ground: Ground, host: str, address: str) -> list[Object]:
    metadata = {"name": _SENTINEL, "namespace": _SENTINEL}
    backend = {"service": {"name": _SENTINEL, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _SENTINEL, "labels": SERVED}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [{"port": 80, "targetPort": CONTAINER_PORTS[0]}]},
        },
        endpoint_slice(_SENTINEL, _SENTINEL, [""], address),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": metadata,
            "spec": {"ingressClassName": INGRESS_CLASS, "rules": [{"host": host, "http": {"paths": [path]}}]},
        },
    ]
