"""Where set-ups are put before a controller of their own, which starts when they are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..hunt.api import Api
from ..hunt.asking import Asker
from ..hunt.ground import identified_backend
from ..specs.setups import Material
from ..world import Run
from .readers import Reader


class Ground:
    """What all batches share."""

    def __init__(self, run: Run, reader: Reader) -> None:
        identified_backend(run)
        reader.prepare(run)
        self.run = run
        self.reader = reader
        self.folder = run.scratch / f"truth-{str(reader).replace(' ', '-')}"
        self.material = Material(self.folder / "material", reader.has_more_clients)
        self.asker = Asker(run)
        self.api = Api(run.cluster, self.asker)

    @property
    def clients(self) -> dict[str, Path]:
        """What each client shows."""
        return {name: self.material.certificate(name) for name in self.material.clients}

    @contextmanager
    def fresh(self, laxer: bool = False) -> Iterator[Any]:
        """A controller that has just started, as its `Reader` has it."""
        with (self.reader.laxer if laxer else self.reader.fresh)(self.run) as controller:
            self.run.processes.append(controller.process)
            try:
                yield controller
            finally:
                self.run.processes.remove(controller.process)

    def close(self) -> None:
        self.asker.close()


def ground(run: Run, reader: Reader) -> Ground:
    """The run's ground before this controller."""

    @contextmanager
    def started(run: Run) -> Iterator[Ground]:
        made = Ground(run, reader)
        try:
            yield made
        finally:
            made.close()

    return run.share(f"ground of truth {reader}", started)
