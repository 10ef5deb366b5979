"""A reader who follows a page: a folder with a spec, a shell, a cluster, and a controller that serves it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from .cluster import as_list
from .controllers import Controller, controller, serve, the_backend
from .controllers.namespaces import endpoints
from .enforcement.answers import Expected
from .processes import NotReady, wait_until
from .program import Object, Project
from .terminal import Terminal, Typed
from .world import World

APPLY = "mtlsgen render | kubectl apply -f -"
#: How long a controller may take for a change, in seconds.
_PATIENCE = 30


class Walkthrough:
    """Types what the page says, and compares what comes."""

    def __init__(self, world: World, project: Project, flags: Sequence[str] = ()) -> None:
        """`flags`: of `render`, each time."""
        self._world = world
        self._project = project
        self._flags = flags
        self._marker = the_backend(world.run).marker
        home = world.scratch / "home"
        self._terminal = Terminal(world.network, project.folder, home, {"mtlsgen": world.program.path})
        (home / "kubeconfig").symlink_to(world.cluster.kubeconfig)
        self._leads_to(self._controller())

    def has(self, namespace: str, *services: str) -> None:
        """Makes a namespace that the page takes for granted, with Services that exist already."""
        self._serve(namespace)
        for name in services:
            self.types(f"kubectl create service clusterip {name} --tcp=8000 --namespace={namespace}")
            self._starts([self._world.cluster.get("service", name, namespace)])

    def types(self, line: str) -> Typed:
        """One line, which has to succeed."""
        return self._terminal.types(line)

    def applies(self) -> Typed:
        """Renders and applies; everything in it is new. What Pods would do, the backend does."""
        typed = self.types(self._apply())
        objects = self._project.listed("--locked", *self._flags)
        self._world.defer(lambda: self._delete(objects))
        lines = typed.stdout.splitlines()
        assert len(lines) == len(objects), f"{len(objects)} objects were rendered, kubectl said:\n{typed.stdout}"
        old = [line for line in lines if not line.endswith(" created")]
        assert not old, f"these are not new: {old}"
        self._starts([each for each in objects if each["kind"] == "Service"])
        return typed

    def applies_again(self) -> None:
        """A second time, nothing changes."""
        typed = self.types(self._apply())
        changed = [line for line in typed.stdout.splitlines() if not line.endswith(" unchanged")]
        assert not changed, f"the second time, these changed: {changed}"

    def sees(self, curl: str, expected: Expected) -> None:
        """Asks until the answer is as expected: a controller needs a moment for what was applied."""
        said: list[str] = []

        def as_expected() -> bool:
            answer = self._terminal.asks(curl)
            try:
                expected.check(answer, self._marker)
            except AssertionError as error:
                said[:] = [str(error)]
                return False
            return True

        try:
            wait_until(as_expected, _PATIENCE, curl, pause=0.2)
        except NotReady:
            raise AssertionError(f"$ {curl}\n{said[0]}") from None

    def _apply(self) -> str:
        """The line that renders and applies."""
        return APPLY.replace("render", shlex.join(["render", *self._flags]))

    def _controller(self) -> Controller | None:
        """Where the hosts' names lead; None: not known yet."""
        return controller(self._world.run, self._world.counterpart)

    def _leads_to(self, at: Controller | None) -> None:
        if at:
            self._terminal.leads_to(at.http, at.https)

    def _serve(self, namespace: str) -> None:
        """Lets the controller read a namespace."""
        serve(self._world.cluster, namespace)

    def _starts(self, services: Sequence[Object]) -> None:
        """Puts the backend behind Services whose Pods are not started here."""
        slices = endpoints(services)
        if slices:
            self._world.cluster.apply(as_list(slices))
            self._world.defer(lambda: self._delete([*slices, *services]))

    def _delete(self, objects: Sequence[Object]) -> None:
        flags = ("--wait=false", "--ignore-not-found")
        self._world.cluster.kubectl("delete", *flags, "-f", "-", stdin=as_list(list(objects)))
