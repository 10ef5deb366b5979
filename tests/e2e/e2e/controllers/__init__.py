"""Ingress controllers, started for the run and asked as clients ask them.

Each reads the Ingresses of the class `nginx` from the run's API server, in namespaces that `serve` has
marked. Both can run at once: they read the same objects and listen on ports of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from ..world import Run
from . import ingress_nginx, traefik
from .backend import Backend, backend
from .controller import Controller
from .namespaces import serve

__all__ = ["CONTROLLERS", "Backend", "Controller", "controller", "serve", "the_backend"]

Start = Callable[[Run], AbstractContextManager[Controller]]

#: By the name of the counterpart.
CONTROLLERS: Mapping[str, Start] = {
    "ingress-nginx": ingress_nginx.running,
    "traefik": traefik.running,
}


def controller(run: Run, name: str) -> Controller:
    """The run's controller of this name, started when it is first asked for."""
    found = run.share(f"controller {name}", _watched(CONTROLLERS[name]))
    assert found.process.alive(), f"{name} has ended:\n{found.process.log_tail()}"
    return found


def the_backend(run: Run) -> Backend:
    """The server behind every Service."""
    return run.share("backend", backend)


def _watched(start: Start) -> Start:
    """The same, with the controller's log shown beside a failure."""

    @contextmanager
    def started(run: Run) -> Iterator[Controller]:
        with start(run) as found:
            run.processes.append(found.process)
            yield found

    return started
