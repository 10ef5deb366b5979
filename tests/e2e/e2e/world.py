"""What a case is given: expensive things once per run, everything else new."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any, TypeVar

from .ask import Answer, ask
from .cluster import Cluster
from .network import Network
from .processes import Process
from .program import Program, Project

T = TypeVar("T")


class Run:
    """What all cases of a run share; each thing is started when it is first asked for."""

    def __init__(self, program: Program, scratch: Path) -> None:
        self.program = program
        self.scratch = scratch
        self._open = ExitStack()
        self._shared: dict[str, Any] = {}
        self._failed: dict[str, Exception] = {}
        #: Servers whose logs are shown with a failure.
        self.processes: list[Process] = []

    @property
    def network(self) -> Network:
        """The run's own network namespace."""
        return self.share("network", lambda run: closing(Network()))

    @property
    def cluster(self) -> Cluster:
        """The run's Kubernetes API."""
        return self.share("cluster", _cluster)

    def share(self, name: str, start: Callable[[Run], AbstractContextManager[T]]) -> T:
        """What `start` yields: started at the first call, ended with the run (last first).

        What could not be started is not tried again: the cases that need it fail at once.
        """
        if name in self._failed:
            raise self._failed[name]
        if name not in self._shared:
            try:
                self._shared[name] = self._open.enter_context(start(self))
            except Exception as error:
                self._failed[name] = error
                raise
        found: T = self._shared[name]
        return found

    def close(self) -> None:
        """Ends everything, last first."""
        self._open.close()


def _cluster(run: Run) -> AbstractContextManager[Cluster]:
    cluster = Cluster(run.network, run.scratch / "cluster")
    run.processes.extend(cluster.processes)
    return closing(cluster)


class World:
    """The surroundings of one case with one counterpart."""

    def __init__(self, run: Run, counterpart: str, scratch: Path) -> None:
        self.run = run
        #: Name of the counterpart that judges now: a column of the table.
        self.counterpart = counterpart
        #: Folder of this case alone; it exists and is empty.
        self.scratch = scratch
        self.program = run.program
        self._deferred = ExitStack()

    def defer(self, action: Callable[[], object]) -> None:
        """Does this after the case, whether it passes or fails (last first)."""
        self._deferred.callback(action)

    def close(self) -> None:
        """Does what was deferred."""
        self._deferred.close()

    @property
    def network(self) -> Network:
        return self.run.network

    @property
    def cluster(self) -> Cluster:
        return self.run.cluster

    def new_namespace(self, hint: str = "case") -> str:
        """A new namespace of the cluster; its Ingresses go with the case, so that no controller
        serves their hosts."""
        name = self.cluster.new_namespace(hint)
        self.defer(lambda: self.cluster.kubectl("delete", "ingress", "--all", "--wait=false", namespace=name))
        return name

    def project(self, spec: str | dict[str, Any], name: str = "project") -> Project:
        """A folder with this spec."""
        return Project.with_spec(self.program, self.scratch / name, spec)

    def example(self, name: str) -> Project:
        """A copy of an example of the repository."""
        return Project.of_example(self.program, self.scratch / name, name)

    def ask(self, url: str, **options: Any) -> Answer:
        """One request from inside the network; see `e2e.ask.ask` for the options."""
        return ask(self.network, url, **options)
