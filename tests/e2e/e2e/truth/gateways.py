"""Many set-ups of Gateways put before Envoy Gateway at once, and everything that is asked, at each Gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..controllers.envoy_gateway import EnvoyGateway, NoEnvoy
from ..specs.setups import Setup
from ..specs.setups.gates import CLASS
from ..specs.setups.material import CLIENTS
from .access import Request, Verdict, answers, shown
from .batch import PATHS, Batch, Find, Tally, apply, asked, compared, is_asked
from .ground import Ground
from .outcome import FORGED, NOT_NAMED, Outcome

#: A host of which the model says nothing at a Gateway: whoever gets through the handshake finds nothing.
_NOTHING: Verdict = {"verdict": NOT_NAMED}
#: The ports at which HTTPS is asked.
_PORTS = (443, 8443)
_PLAIN = 80


def judge(ground: Ground, setups: Sequence[Setup], tally: Tally) -> list[Find]:
    """Everything that a Gateway answers in another way than the model says, once Envoy Gateway has started with all
    set-ups there."""
    batch = Batch(setups)
    try:
        apply(ground, batch, tally)
        verdicts = _said(ground, batch)
        with ground.fresh() as controller:
            finds = compared(batch, verdicts, _Asking(ground, batch, controller))
    finally:
        ground.api.remove(batch.namespaces)
    tally.count(setups, verdicts)
    return finds


def _gateways(setup: Setup) -> list[tuple[str, str, str]]:
    """Namespace, name and class of each."""
    all_of_them = [each for each in (*setup.older, *setup.younger) if each["kind"] == "Gateway"]
    return [
        (each["metadata"]["namespace"], each["metadata"]["name"], each["spec"]["gatewayClassName"])
        for each in all_of_them
    ]


def _said(ground: Ground, batch: Batch) -> dict[Request, Verdict]:
    """What the model makes of the objects that the API server has: of every host of a set-up at each of its
    Gateways."""
    objects = shown(ground.run.cluster, ground.reader.resources, set(batch.namespaces), ground.reader.settings)
    hosts = [name for each in batch.setups for name in each.names]
    said = answers(ground.run.program, ground.folder, ground.reader.arguments, objects, ground.clients, hosts, PATHS)
    return {request: said.get(request, _NOTHING) for setup in batch.setups for request in _requests(ground, setup)}


def _requests(ground: Ground, setup: Setup) -> Iterable[Request]:
    clients = [None, *(name for name in ground.clients if setup.is_for_more or name in CLIENTS)]
    high = {443, *(port for port in _PORTS if f'"port": {port}' in setup.described())}
    for namespace, name, _ in _gateways(setup):
        address = f"Gateway `{namespace}/{name}`"
        for host in setup.names:
            for path in PATHS:
                yield Request("http", host, path, None, address)
                every = (Request("https", host, path, each, address, port) for port in high for each in clients)
                yield from filter(is_asked, every)


class _Asking:
    """Asks the Envoys of a batch, which it starts."""

    def __init__(self, ground: Ground, batch: Batch, controller: EnvoyGateway) -> None:
        self._ground = ground
        self._batch = batch
        self._controller = controller
        made = [gateway for setup in batch.setups for gateway in _gateways(setup)]
        controller.start([(namespace, name) for namespace, name, kind in made if kind == CLASS])
        # Those of others are nobody's.
        controller.start([(namespace, name) for namespace, name, kind in made if kind != CLASS], are_ours=False)

    def __call__(self, requests: Sequence[Request]) -> dict[Request, Outcome]:
        places = {each: self._place(each) for each in requests}
        open_requests = [each for each, place in places.items() if place]
        nowhere = Outcome(0, words="there is no Envoy", closed=True)
        outcomes = dict.fromkeys(requests, nowhere)
        services = self._batch.services
        return outcomes | asked(self._ground, open_requests, services, lambda each: self._place(each) or {}, FORGED)

    def _place(self, request: Request) -> Mapping[str, Any] | None:
        namespace, _, name = request.address.split("`")[1].partition("/")
        try:
            envoy = self._controller.envoy(namespace, name)
        except NoEnvoy:
            return None
        return envoy.at(request.port if request.scheme == "https" else _PLAIN)
