"""Many set-ups put before a controller at once, and everything that is asked."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from ..controllers import Controller
from ..hunt.batch import NotRead, endpoint_slice, wait_until_read
from ..hunt.ground import backend_address
from ..processes import wait_until
from ..program import Object
from ..specs.doors import CONTAINER_PORTS
from ..specs.doors.words import ACME
from ..specs.setups import Setup
from .access import Request, Verdict, access, shown
from .ground import Ground
from .outcome import Outcome, outcome
from .readers import READ

#: Asked for at every host, beside the paths of its Ingresses.
PATHS = ("/", "/api", "/api/v1", "/apis", "/page", "/elsewhere", f"{ACME}/token")
#: Who asks for every path; others ask for the first, since the controller judges them on every path.
EVERYWHERE = (None, "alice")
#: What a controller is asked for that has read the set-ups as they came.
_FEW = PATHS[:2]
#: Of each set-up, so many finds are described.
_SHOWN = 3
#: What stays in paths as it is.
SAFE = "/~!$&'()*+,;=:@%-._"
_SENTINEL = "z-sentinel"
_ROUTED_SENTINEL = "z-routed"
#: How often a wrong answer is asked for again, and the seconds between: workers of before answer for a moment.
_ATTEMPTS = 5
_PAUSE = 0.5
#: Seconds without a line in the controller's log, after which it has read everything.
_QUIET = 3
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Find:
    """An answer that the model does not say."""

    request: Request
    verdict: Verdict
    outcome: Outcome
    setup: Setup | None

    def __str__(self) -> str:
        return f"{self.request}\n  the model: {dict(self.verdict)}\n  the controller: {self.outcome}"


def described(finds: Iterable[Find]) -> list[str]:
    """The finds of each set-up, the first few of them, with its objects."""
    grouped: dict[str, list[Find]] = {}
    for find in finds:
        grouped.setdefault(find.setup.described() if find.setup else "of no set-up", []).append(find)
    return [
        "\n".join([setup, *map(str, members[:_SHOWN]), f"{len(members)} finds of this set-up"])
        for setup, members in grouped.items()
    ]


@dataclass
class Tally:
    """What was asked."""

    setups: int = 0
    #: By the model's word.
    verdicts: Counter[str] = field(default_factory=Counter)
    #: Unknown verdicts by their reason.
    unknown: Counter[str] = field(default_factory=Counter)
    #: Verdicts that are one of several, by what decides.
    open: Counter[str] = field(default_factory=Counter)
    #: Objects that the API server did not take, with its words.
    not_taken: list[tuple[Object, str]] = field(default_factory=list)
    #: Set-ups of which nginx refused the configuration, with its words.
    not_read: list[tuple[Setup, str]] = field(default_factory=list)

    def count(self, setups: Sequence[Setup], verdicts: Mapping[Request, Verdict]) -> None:
        """Counts what the model says of a batch."""
        self.setups += len(setups)
        for verdict in verdicts.values():
            self.verdicts[verdict["verdict"]] += 1
            if verdict["verdict"] == "unknown":
                self.unknown[verdict.get("why") or ""] += 1
            if verdict["verdict"] == "oneOf":
                self.open[verdict.get("why") or ""] += 1

    def __str__(self) -> str:
        words = ", ".join(f"{number} {name}" for name, number in sorted(self.verdicts.items()))
        return f"{self.setups} set-ups, {self.verdicts.total()} requests: {words}"


@dataclass
class Batch:
    """Set-ups that are there."""

    setups: Sequence[Setup]
    #: Address to `NAMESPACE/NAME:PORT`.
    services: dict[str, str] = field(default_factory=dict)

    @property
    def namespaces(self) -> list[str]:
        """All that it has something in."""
        return [_SENTINEL, *(name for each in self.setups for name in each.namespaces)]

    def setup_of(self, host: str) -> Setup | None:
        """The set-up that a host belongs to."""
        return next((each for each in self.setups if f".{each.name}." in host), None)


def judge(ground: Ground, setups: Sequence[Setup], tally: Tally) -> list[Find]:
    """Everything that a controller answers in another way than the model says: when it has read the set-ups one after
    the other, and when it has started with all of them. Set-ups of which nginx refuses the configuration are found,
    and left out."""
    try:
        return _judge(ground, setups, tally)
    except NotRead as words:
        if len(setups) == 1:
            tally.not_read.append((setups[0], str(words)))
            return []
    half = len(setups) // 2
    return [find for part in (setups[:half], setups[half:]) for find in judge(ground, part, tally)]


def _judge(ground: Ground, setups: Sequence[Setup], tally: Tally) -> list[Find]:
    batch = Batch(setups)
    finds: list[Find] = []
    try:
        if ground.reader.reads_as_they_come:
            with ground.fresh() as controller:
                apply(ground, batch, tally)
                wait(ground, controller)
                verdicts = _said(ground, batch)
                few = {
                    each: verdict
                    for each, verdict in verdicts.items()
                    if each.client in EVERYWHERE and each.path in _FEW
                }
                finds += compared(batch, few, _asking(ground, batch, controller))
        else:
            apply(ground, batch, tally)
            verdicts = _said(ground, batch)
        with ground.fresh() as controller:
            wait(ground, controller)
            finds += compared(batch, verdicts, _asking(ground, batch, controller))
    finally:
        ground.api.remove(batch.namespaces)
    tally.count(setups, verdicts)
    return list({each.request: each for each in finds}.values())


def apply(ground: Ground, batch: Batch, tally: Tally) -> None:
    """Applies everything, the older objects first."""
    surroundings: list[Object] = [_namespace(_SENTINEL)]
    for setup in batch.setups:
        surroundings += [*map(_namespace, setup.namespaces), *setup.secrets]
        for place in setup.services:
            surroundings += _service(batch, *place)
    tally.not_taken += ground.api.apply(surroundings)
    tally.not_taken += ground.api.apply([one for each in batch.setups for one in each.older])
    # Ages count in whole seconds.
    second = int(time.time())
    wait_until(lambda: time.time() >= second + 1.1, 5, "the next second")
    tally.not_taken += ground.api.apply([one for each in batch.setups for one in each.younger])
    second = int(time.time())
    wait_until(lambda: time.time() >= second + 1.1, 5, "the next second")
    if not ground.reader.has_gateways:
        ground.api.apply(_sentinel(batch))
    if ground.reader.has_routes:
        ground.api.apply(_routed_sentinel(batch))


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": READ}}


def _service(batch: Batch, namespace: str, name: str) -> list[Object]:
    address, port = backend_address(next(_NUMBERS)), CONTAINER_PORTS[0]
    batch.services[f"{address}:{port}"] = f"{namespace}/{name}:80"
    metadata = {"name": name, "namespace": namespace}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"ports": [{"port": 80, "targetPort": port}]}},
        endpoint_slice(namespace, name, [""], address),
    ]  # fmt: skip


def _sentinel(batch: Batch) -> list[Object]:
    """The last Ingress that is applied."""
    backend = {"service": {"name": _SENTINEL, "port": {"number": 80}}}
    rule = {
        "host": f"{_SENTINEL}.test",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    return [
        *_service(batch, _SENTINEL, _SENTINEL),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": _SENTINEL, "namespace": _SENTINEL},
            "spec": {"ingressClassName": "nginx", "rules": [rule]},
        },
    ]


def _routed_sentinel(batch: Batch) -> list[Object]:
    """The last IngressRoute that is applied."""
    service = {"name": _ROUTED_SENTINEL, "port": 80}
    route = {"kind": "Rule", "match": f"Host(`{_ROUTED_SENTINEL}.test`)", "services": [service]}
    return [
        *_service(batch, _SENTINEL, _ROUTED_SENTINEL),
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": {"name": _ROUTED_SENTINEL, "namespace": _SENTINEL},
            "spec": {"entryPoints": ["http"], "routes": [route]},
        },
    ]


def wait(ground: Ground, controller: Controller) -> None:
    """Waits until the last Ingress is served, and the controller has no more to do: one that has just started writes
    its first configuration before it has read every Secret."""
    names = [_SENTINEL, _ROUTED_SENTINEL] if ground.reader.has_routes else [_SENTINEL]
    requests = [Request("http", f"{name}.test", "/") for name in names]
    size, since = 0, time.monotonic()

    def served() -> bool:
        nonlocal size, since
        if not controller.process.alive():
            raise NotRead(controller.process.log_tail())
        answers = _asked(ground, controller, requests, {}).values()
        if size != (size := controller.process.log.stat().st_size):
            since = time.monotonic()
        return all(each.backend for each in answers) and time.monotonic() - since > _QUIET

    wait_until_read(controller, requests[-1].host, served, 0)


def _said(ground: Ground, batch: Batch) -> dict[Request, Verdict]:
    """What the model makes of the objects that the API server has."""
    objects = shown(ground.run.cluster, ground.reader.resources, set(batch.namespaces), ground.reader.settings)
    hosts = [name for each in batch.setups for name in each.names]
    said = access(ground.run.program, ground.folder, ground.reader.arguments, objects, ground.clients, hosts, PATHS)
    return {each: verdict for each, verdict in said.items() if is_asked(each)}


def is_asked(request: Request) -> bool:
    """Whether a request is made: paths other than the first are for few clients."""
    return request.client in EVERYWHERE or (request.scheme == "https" and request.path == PATHS[0])


#: Answers, by request.
Ask = Callable[[Sequence[Request]], dict[Request, Outcome]]


def compared(batch: Batch, verdicts: Mapping[Request, Verdict], ask: Ask) -> list[Find]:
    """The answers that no verdict has."""
    open_requests = [request for request, verdict in verdicts.items() if verdict["verdict"] != "unknown"]
    wrong: dict[Request, Outcome] = {}
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        outcomes = ask(open_requests)
        wrong = {request: found for request, found in outcomes.items() if not found.is_said(verdicts[request])}
        open_requests = list(wrong)
        if not wrong:
            break
    return [Find(request, verdicts[request], found, batch.setup_of(request.host)) for request, found in wrong.items()]


def _asking(ground: Ground, batch: Batch, controller: Controller) -> Ask:
    return lambda requests: _asked(ground, controller, requests, batch.services)


def _asked(
    ground: Ground, controller: Controller, requests: Sequence[Request], services: Mapping[str, str]
) -> dict[Request, Outcome]:
    return asked(ground, requests, services, lambda each: controller.place(each.scheme == "https"))


def asked(
    ground: Ground,
    requests: Sequence[Request],
    services: Mapping[str, str],
    place: Callable[[Request], Mapping[str, object]],
    headers: Mapping[str, str] | None = None,
) -> dict[Request, Outcome]:
    """The answers, by request; what one client asks one host at one place shares a connection."""
    grouped: dict[Request, list[Request]] = {}
    for each in requests:
        # By plain HTTP, no client shows anything.
        client = each.client if each.scheme == "https" else None
        grouped.setdefault(replace(each, client=client, path=""), []).append(each)
    wanted = [
        {**_connection(ground, key), **place(key), "asks": [_item(each, headers) for each in members]}
        for key, members in grouped.items()
    ]
    outcomes: dict[Request, Outcome] = {}
    for members, answers in zip(grouped.values(), ground.asker.ask(wanted), strict=True):
        found = [outcome(each, services) for each in answers]
        outcomes |= dict(zip(members, found, strict=True))
    return outcomes


def _item(request: Request, headers: Mapping[str, str] | None) -> list[object]:
    return [request.host, quote(request.path, safe=SAFE), *([headers] if headers else [])]


def _connection(ground: Ground, request: Request) -> dict[str, object]:
    tls, client = request.scheme == "https", request.client
    return {
        "tls": tls,
        "sni": request.host if tls else None,
        "cert": str(ground.material.certificate(client)) if client else None,
        "key": str(ground.material.key(client)) if client else None,
    }
