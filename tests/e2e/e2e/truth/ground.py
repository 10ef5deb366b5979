"""Where set-ups are put before a controller of their own, which starts when they are there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..controllers import Controller
from ..controllers.ingress_nginx import Instance, starts
from ..hunt.api import Api
from ..hunt.asking import Asker
from ..hunt.ground import identified_backend
from ..specs.setups import Material
from ..specs.setups.material import CLIENTS
from ..world import Run

#: Label of the namespaces that it reads.
READ = {"e2e.mtlsgen.dev/truth": "yes"}
#: Name of its ConfigMap.
SETTINGS = "truth"
_NUMBERS = itertools.count(1)


class Ground:
    """What all batches share."""

    def __init__(self, run: Run) -> None:
        identified_backend(run)
        self.run = run
        self.folder = run.scratch / "truth"
        self.material = Material(self.folder / "material")
        self.asker = Asker(run)
        self.api = Api(run.cluster, self.asker)

    @property
    def clients(self) -> dict[str, Path]:
        """What each client shows."""
        return {name: self.material.certificate(name) for name in CLIENTS}

    def close(self) -> None:
        self.asker.close()


def ground(run: Run) -> Ground:
    """The run's ground."""

    @contextmanager
    def started(run: Run) -> Iterator[Ground]:
        made = Ground(run)
        try:
            yield made
        finally:
            made.close()

    return run.share("ground of truth", started)


@contextmanager
def fresh(run: Run) -> Iterator[Controller]:
    """A controller that has just started. Nothing is refused before it is stored: wrong Ingresses come about in many
    ways, and the model reads whatever there is."""
    instance = Instance(
        name=f"truth-{next(_NUMBERS)}",
        settings_name=SETTINGS,
        http=8105,
        https=8205,
        first_port=10350,
        judges=False,
        namespaces=READ,
    )
    with starts(instance)(run) as controller:
        run.processes.append(controller.process)
        try:
            yield controller
        finally:
            run.processes.remove(controller.process)
