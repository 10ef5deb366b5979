"""Specs of the target `envoy-gateway`: rendered, applied, served by the real one, and asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..ask import Answer, ask
from ..cluster import as_list
from ..controllers import the_backend
from ..controllers.envoy_gateway import EnvoyGateway, gateway_class, started
from ..controllers.namespaces import endpoints
from ..enforcement.identities import Identity, proof
from ..processes import NotReady, wait_until
from ..program import Object, Project, read_objects
from ..world import Run, World
from . import resources
from .said import KINDS, Said, said
from .scene import REFUSED, SERVED

TARGET = "envoy-gateway"
#: The class that a spec of this target has if it names none.
CLASS = "eg"
#: The Gateway of each namespace.
GATEWAY = "gateway"
#: Answers of Envoy's own: to plain HTTP, and where a listener has no such route.
REDIRECTED, NOT_FOUND, BROKEN = "301", "404", "500"

_NAME = "envoy-gateway-rendered"
#: Label of the namespaces that are read by the Envoy Gateway of what is rendered.
_LABEL = "e2e.mtlsgen.dev/envoy-gateway"
_LABELS = {_LABEL: "rendered"}
#: How long a change may take, in seconds.
_PATIENCE = 30


def envoy_gateway(run: Run) -> EnvoyGateway:
    """The one that serves what is rendered, started when it is first asked for."""
    return run.share("Envoy Gateway of what is rendered", _running)


@contextmanager
def _running(run: Run) -> Iterator[EnvoyGateway]:
    resources.kinds(run)
    run.cluster.apply(as_list([gateway_class(CLASS)]))
    with started(run, _NAME, _LABELS) as found:
        run.processes.append(found.process)
        yield found


def serve(run: Run, *namespaces: str) -> None:
    """Lets Envoy Gateway read namespaces, which need not exist yet."""
    run.cluster.create(*namespaces)
    labels = [f"{name}={value}" for name, value in _LABELS.items()]
    run.cluster.kubectl("label", "--overwrite", "namespace", *namespaces, *labels)


def no_longer(run: Run, *namespaces: str) -> None:
    """Takes that back, and stops the Envoys of these namespaces."""
    envoy_gateway(run).stop(*namespaces)
    run.cluster.kubectl("label", "namespace", *namespaces, f"{_LABEL}-")


class Deployment:
    """A project whose objects are in the cluster."""

    def __init__(self, run: Run, project: Project, *namespaces: str, flags: Sequence[str] = ()) -> None:
        """`namespaces`: those of its objects, the first one first; `flags`: of `render`."""
        self.project = project
        self.marker = the_backend(run).marker
        self._run = run
        self._namespaces = namespaces
        self._flags = flags
        envoy_gateway(run)
        serve(run, *namespaces)

    def render(self) -> list[Object]:
        """Renders and applies; gives the objects."""
        manifests = self.project.render(*self._flags)
        objects = read_objects(manifests)
        self.apply(endpoints(objects))
        wanted, applied = len(objects), self._run.cluster.apply(manifests)
        lines = applied.stdout.splitlines()
        assert len(lines) == wanted and not applied.stderr, f"of {wanted} objects, kubectl said:\n{applied}"
        return objects

    def apply(self, objects: list[Object]) -> None:
        """Puts objects into the cluster that mtlsgen has not made."""
        self._run.cluster.apply(as_list(objects))

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Takes an object away."""
        self._run.cluster.kubectl("delete", kind, name, namespace=namespace or self._namespaces[0])

    def ask(
        self,
        host: str,
        identity: Identity | None = None,
        plain: bool = False,
        path: str = "/",
        namespace: str | None = None,
        **options: Any,
    ) -> Answer:
        """Asks a host by HTTPS, or by plain HTTP, at the Gateway of a namespace."""
        envoy = envoy_gateway(self._run).envoy(namespace or self._namespaces[0], GATEWAY)
        scheme, at = ("http", envoy.http) if plain else ("https", envoy.https)
        return ask(self._run.network, f"{scheme}://{host}{path}", at=at, **proof(identity), **options)

    def seen(self, answer: Answer) -> str:
        """In one word: `served` by the backend, `refused` without any answer, or Envoy's own status."""
        if answer.status == 200 and self.marker in answer.body:
            return SERVED
        return REFUSED if answer.refused else str(answer.status)

    def expect(self, expected: str, host: str, identity: Identity | None = None, **options: Any) -> Answer:
        """Asks once."""
        answer = self.ask(host, identity, **options)
        assert self.seen(answer) == expected, f"{host}: expected {expected}, got {answer}"
        return answer

    def becomes(
        self,
        expected: str,
        host: str,
        identity: Identity | None = None,
        meanwhile: Sequence[Identity] = (),
        meanwhile_at: str | None = None,
        **options: Any,
    ) -> None:
        """Waits until that is the answer; those in `meanwhile` are served all the time, at that host or at another one,
        and after it."""

        def asked() -> bool:
            answer = self.ask(host, identity, **options)
            for other in meanwhile:
                self.expect(SERVED, meanwhile_at or host, other, **options)
            return self.seen(answer) == expected

        try:
            wait_until(asked, _PATIENCE, "the expected answer")
        except NotReady:
            self.expect(expected, host, identity, **options)

    def said_of_spec(self, hosts: Sequence[str], clients: Mapping[str, Path]) -> Said:
        """What `mtlsgen access` makes of what would be rendered."""
        return said(self.project, hosts, clients, self._flags)

    def said_of_cluster(self, hosts: Sequence[str], clients: Mapping[str, Path]) -> Said:
        """What it makes of what the API server has."""
        kinds = ",".join(KINDS)
        ours = {None, *self._namespaces}
        objects = self._run.cluster.objects(kinds)
        shown = [each for each in objects if each["metadata"].get("namespace") in ours]
        return said(self.project, hosts, clients, ["--controller", TARGET, "--whole-cluster", "-"], as_list(shown))


def new_deployment(world: World, folder: Path, spec: Mapping[str, Any], namespace: str) -> Deployment:
    """A project of this spec, in a new folder, for one namespace, which nobody serves after the case."""
    whole = {"target": TARGET, "namespace": namespace, **spec}
    world.defer(lambda: no_longer(world.run, namespace))
    return Deployment(world.run, Project.with_spec(world.program, folder, whole), namespace)
