"""Where the hunt takes place: certificates of others, a backend with many addresses, a program that asks."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..ask import ask
from ..controllers import Controller, controller
from ..controllers.ingress_nginx import Instance, starts
from ..network import BACKEND_ADDRESS
from ..processes import Process
from ..program import Project
from ..specs.doors import CONTAINER_PORTS, Roots
from ..world import Run
from .api import Api
from .asking import Asker

#: RFC 2544's range for tests; all of it is the run's own.
_RANGE = "198.18.0.0/15"
_FIRST = (198 << 24) | (18 << 16)
_ADDRESSES = 1 << 17
_HERE = Path(__file__).parent

#: The authorities that specs have; a stranger's have the same names.
AUTHORITIES = ("clients", "clients-root", "staff", "staff-root")


class Ground:
    """What all batches of a hunt share."""

    def __init__(self, run: Run, door: Controller, folder: Path) -> None:
        self.run = run
        self.door = door
        self.folder = folder
        folder.mkdir()
        self.roots = Roots(folder / "roots")
        self.strangers = self._strangers()
        self._numbers = itertools.count(1)
        self.asker = Asker(run)
        self.api = Api(run.cluster, self.asker)

    def new_address(self) -> str:
        """An address of the backend's."""
        return backend_address(next(self._numbers))

    def close(self) -> None:
        self.asker.close()

    def _strangers(self) -> Project:
        """Authorities and clients with the names that specs have, and other keys."""
        cas: dict[str, dict[str, str]] = {name: {} for name in AUTHORITIES}
        clients = {f"{name}-0": {"issuer": name} for name in AUTHORITIES}
        project = Project.with_spec(self.run.program, self.folder / "strangers", {"cas": cas, "clients": clients})
        project.render()
        return project


def ground(run: Run, counterpart: str) -> Ground:
    """The ground before the run's controller of this name, made when it is first asked for."""
    return _ground(run, controller(run, counterpart))


def quick_ground(run: Run, counterpart: str, webhook: bool) -> Ground:
    """The same for a run that does nothing else. The webhook, which makes the whole configuration for each Ingress,
    is asked only if that is wanted."""
    if counterpart != "ingress-nginx":
        return ground(run, counterpart)
    instance = Instance(arguments=_ARGUMENTS)
    door = run.share("quick controller", starts(instance))
    if not webhook:
        run.cluster.kubectl("delete", "validatingwebhookconfiguration", instance.name)
    return _ground(run, door)


#: A batch is one change or two: reading all of them on the way only costs time.
_ARGUMENTS = ("--sync-rate-limit=2",)


def _ground(run: Run, door: Controller) -> Ground:
    identified_backend(run)

    @contextmanager
    def started(_: Run) -> Iterator[Ground]:
        made = Ground(run, door, run.scratch / f"hunt-{door.name}")
        try:
            yield made
        finally:
            made.close()

    return run.share(f"hunting ground {door.name}", started)


def identified_backend(run: Run) -> None:
    """Starts the backend with many addresses, unless it is there."""
    run.share("identified backend", _backend)


def backend_address(number: int) -> str:
    """An address of that backend; they come round again after more than a hundred thousand."""
    value = _FIRST + number % (_ADDRESSES - 2) + 1
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


@contextmanager
def _backend(run: Run) -> Iterator[Process]:
    address = ["ip", "-n", run.network.name, "addr", "add", _RANGE, "dev", "lo"]
    subprocess.run(address, check=True)
    command = run.network.command([sys.executable, _HERE / "identified.py", *map(str, CONTAINER_PORTS)])
    process = Process("identified backend", command, run.scratch / "identified-backend.log")
    try:
        url = f"http://{BACKEND_ADDRESS}:{CONTAINER_PORTS[-1]}/"
        process.wait_until_ready(lambda: ask(run.network, url).status == 200, 20)
        yield process
    finally:
        process.stop(patience=0)
