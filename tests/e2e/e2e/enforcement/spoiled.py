"""Manifests of mtlsgen's, spoiled by a patch as people, charts and other tools do by mistake."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..cluster import Cluster, as_list
from ..controllers import serve
from ..controllers.namespaces import endpoints
from ..program import Object, Project, read_objects
from ..world import Run
from .identities import Identity, of_client

NAMESPACE = "spoiled"

_ANNOTATION = "/metadata/annotations/nginx.ingress.kubernetes.io~1"
_Patch = list[dict[str, Any]]


@dataclass(frozen=True)
class Mistake:
    """One change of what mtlsgen prints."""

    name: str
    #: Kind of the object that is changed; of the Secrets it is that with the trust bundle.
    kind: str
    #: RFC 6902.
    patch: _Patch
    #: Further keys of `clientAuth`.
    client_auth: dict[str, Any] = field(default_factory=dict)
    #: Whether the server's certificate and key come into the Secret too.
    key_pair: bool = False

    @property
    def host(self) -> str:
        """The host that it happens to."""
        return f"{self.name}.spoiled.test"

    def operations(self, project: Project) -> _Patch:
        """The whole patch; `project` is that of the host, rendered."""
        if not self.key_pair:
            return self.patch
        holder = f"hosts/{self.host}"
        files = {"tls.crt": project.certificate(holder), "tls.key": project.key(holder)}
        pair = {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
        return [*self.patch, *({"op": "add", "path": f"/data/{name}", "value": text} for name, text in pair.items())]


def annotation(operation: str, name: str, value: str | None = None) -> dict[str, Any]:
    """An operation on an annotation of ingress-nginx's."""
    path = {"op": operation, "path": _ANNOTATION + name}
    return path if value is None else {**path, "value": value}


@dataclass(frozen=True)
class Spoiled:
    """All mistakes, applied; each at a host of its own."""

    projects: dict[str, Project]

    def identity(self, mistake: Mistake, client: str) -> Identity:
        """A client of the host's authority."""
        return of_client(self.projects[mistake.name], client)


def refused(mistake: Mistake, project: Project) -> str:
    """What mtlsgen says to the same patch, in place of manifests."""
    target = {"kind": mistake.kind, **({"name": ".*-cacert"} if mistake.kind == "Secret" else {})}
    patch = json.dumps(mistake.operations(project))
    project.write({**_spec(mistake), "patches": [{"target": target, "patch": patch}]})
    finished = project.program.run("render", folder=project.folder, status=2)
    assert not finished.stdout, f"manifests in spite of the error:\n{finished.stdout}"
    return finished.stderr


def applied(run: Run, mistakes: Sequence[Mistake]) -> Any:
    """Renders, spoils and applies all of them at once."""

    @contextmanager
    def started(_: Run) -> Iterator[Spoiled]:
        folder = run.scratch / "spoiled"
        projects, objects = {}, []
        for mistake in mistakes:
            project = Project.with_spec(run.program, folder / mistake.name, _spec(mistake))
            projects[mistake.name] = project
            objects += _spoil(run.cluster, mistake, project)
        serve(run.cluster, NAMESPACE)
        run.cluster.apply(as_list([*endpoints(objects), *objects]))
        yield Spoiled(projects)

    return started


def _spec(mistake: Mistake) -> dict[str, Any]:
    auth = {"cas": ["clients"], **mistake.client_auth}
    return {
        "namespace": NAMESPACE,
        "cas": {"servers": {}, "clients": {}},
        "clients": {name: {"issuer": "clients", "subject": f"CN={name}"} for name in ("alice", "alice-admin")},
        "services": {f"app-{mistake.name}": {"image": "httpd", "port": 80}},
        "hosts": {mistake.host: {"service": f"app-{mistake.name}", "tls": {"issuer": "servers"}, "clientAuth": auth}},
    }


def _spoil(cluster: Cluster, mistake: Mistake, project: Project) -> list[Object]:
    objects = project.objects()
    patch = mistake.operations(project)
    if not mistake.patch:
        return objects
    return [patched(cluster, patch, each) if _is_target(mistake, each) else each for each in objects]


def _is_target(mistake: Mistake, each: Object) -> bool:
    return each["kind"] == mistake.kind and (mistake.kind != "Secret" or each["metadata"]["name"].endswith("-cacert"))


def patched(cluster: Cluster, patch: Sequence[dict[str, Any]], target: Object) -> Object:
    """An object, changed by RFC 6902 as kubectl does it."""
    flags = ["--local", "-f", "-", "--type", "json", "--patch", json.dumps(patch), "-o", "yaml"]
    return read_objects(cluster.kubectl("patch", *flags, stdin=json.dumps(target)).stdout)[0]
