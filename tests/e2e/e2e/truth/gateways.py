"""Many set-ups of Gateways put before Envoy Gateway at once, and everything that is asked, at each Gateway."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..controllers.envoy_gateway import EnvoyGateway, NoEnvoy
from ..specs.setups import Setup
from ..specs.setups.gates import CLASS
from ..specs.setups.material import CLIENTS
from .access import Request, Verdict, answers, shown
from .batch import EVERYWHERE, PATHS, Batch, Find, Tally, apply, asked, compared, is_asked
from .ground import Ground
from .outcome import FORGED, NOT_NAMED, Outcome

#: A host of which the model says nothing at a Gateway: whoever gets through the handshake finds nothing.
_NOTHING: Verdict = {"verdict": NOT_NAMED}
#: The ports at which HTTPS is asked, the second one where a Gateway has it.
_PORT, _HIGH_PORT = 443, 8443
_PLAIN = 80
#: Set-ups whose Envoys run at once: a system has so and so many watches of files.
_AT_ONCE = 14


def judge(ground: Ground, setups: Sequence[Setup], tally: Tally) -> list[Find]:
    """Everything that a Gateway answers in another way than the model says, once Envoy Gateway has started with all
    set-ups there."""
    batch, finds = Batch(setups), list[Find]()
    try:
        apply(ground, batch, tally)
        said = _said(ground, batch)
        with ground.fresh() as controller:
            for start in range(0, len(setups), _AT_ONCE):
                some = setups[start : start + _AT_ONCE]
                verdicts = {
                    request: said.get(request, _NOTHING) for setup in some for request in _requests(ground, setup)
                }
                with _Asking(ground, batch, controller, some) as ask:
                    finds += compared(batch, verdicts, ask)
                tally.count(some, verdicts)
    finally:
        ground.api.remove(batch.namespaces)
    return finds


def _gateways(setup: Setup) -> list[tuple[str, str, str]]:
    """Namespace, name and class of each."""
    made = [each for each in (*setup.older, *setup.younger) if each["kind"] == "Gateway"]
    return [(each["metadata"]["namespace"], each["metadata"]["name"], each["spec"]["gatewayClassName"]) for each in made]


def _said(ground: Ground, batch: Batch) -> dict[Request, Verdict]:
    """What the model makes of the objects that the API server has. Most clients are asked about the first path alone."""
    objects = shown(ground.run.cluster, ground.reader.resources, set(batch.namespaces), ground.reader.settings)

    def said(setups: Iterable[Setup], clients: Collection[str], paths: Collection[str]) -> dict[Request, Verdict]:
        hosts = [name for each in setups for name in each.names]
        shows = {name: file for name, file in ground.clients.items() if name in clients}
        program, arguments = ground.run.program, ground.reader.arguments
        return answers(program, ground.folder, arguments, objects, shows, hosts, paths) if hosts else {}

    few = [each for each in batch.setups if not each.is_for_more]
    many = [each for each in batch.setups if each.is_for_more]
    everywhere = {name for name in EVERYWHERE if name}
    first = said(few, CLIENTS, PATHS[:1]) | said(many, ground.clients, PATHS[:1])
    return first | said(batch.setups, everywhere, PATHS)


def _requests(ground: Ground, setup: Setup) -> Iterable[Request]:
    clients = [None, *(name for name in ground.clients if setup.is_for_more or name in CLIENTS)]
    ports = [_PORT, *([_HIGH_PORT] if f'"port": {_HIGH_PORT}' in setup.described() else [])]
    for namespace, name, _ in _gateways(setup):
        address = f"Gateway `{namespace}/{name}`"
        for host in setup.names:
            for path in PATHS:
                yield Request("http", host, path, None, address)
                secure = (Request("https", host, path, each, address, port) for port in ports for each in clients)
                yield from filter(is_asked, secure)


class _Asking:
    """Asks the Envoys of some set-ups, which it starts and stops."""

    def __init__(self, ground: Ground, batch: Batch, controller: EnvoyGateway, setups: Sequence[Setup]) -> None:
        self._ground = ground
        self._services = batch.services
        self._controller = controller
        self._made = [gateway for setup in setups for gateway in _gateways(setup)]

    def __enter__(self) -> _Asking:
        self._controller.start([(namespace, name) for namespace, name, kind in self._made if kind == CLASS])
        # Those of others are nobody's.
        others = [(namespace, name) for namespace, name, kind in self._made if kind != CLASS]
        self._controller.start(others, are_ours=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.close()

    def __call__(self, requests: Sequence[Request]) -> dict[Request, Outcome]:
        places = {each: self._place(each) for each in requests}
        nowhere = Outcome(0, words="there is no Envoy", closed=True)
        somewhere = [each for each, place in places.items() if place]
        found = asked(self._ground, somewhere, self._services, lambda each: self._place(each) or {}, FORGED)
        return dict.fromkeys(requests, nowhere) | found

    def _place(self, request: Request) -> Mapping[str, Any] | None:
        namespace, _, name = request.address.split("`")[1].partition("/")
        try:
            envoy = self._controller.envoy(namespace, name)
        except NoEnvoy:
            return None
        return envoy.at(request.port if request.scheme == "https" else _PLAIN)
