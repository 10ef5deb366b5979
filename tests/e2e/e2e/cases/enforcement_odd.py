"""Enforcement: authorities and revocation lists that are odd.

openssl makes them (`tests/odd`), each odd in one way, and mtlsgen refuses most. Here they are in Secrets that
exist already; the answers of the controller's nginx are those in the table of `docs/targets/odd-authorities.md`, which
`tests/it/odd.rs` holds against what mtlsgen says.
"""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..ask import Answer
from ..cluster import as_list
from ..controllers import controller, serve, the_backend
from ..controllers.namespaces import endpoints
from ..enforcement.answers import NOT_ACCEPTED, Answered, Expected, Served, becomes
from ..enforcement.identities import Identity
from ..enforcement.scene import ask_host
from ..parts import ROOT
from ..program import Object, Project, read_objects
from ..registry import case
from ..world import Run, World

_TABLE = ROOT / "docs/targets/odd-authorities.md"
_NAMESPACE = "odd"
_MEANING: dict[str, Expected] = {
    "200": Served(),
    "400": NOT_ACCEPTED["ingress-nginx"],
    # The controller reads nothing of the Secret.
    "403": Answered(403),
}


@dataclass(frozen=True)
class _Odd:
    """All cases, applied; each at a host of its own."""

    folder: Path
    project: Project
    answers: dict[str, str]

    def expected(self, name: str) -> Expected:
        """What the table says."""
        return _MEANING[self.answers[name]]


def _table() -> dict[str, str]:
    """The status that the controller answers, by the name of the case; requests have none."""
    lines = [line for line in _TABLE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {name: status for name, _, _, status, _ in cells if status.isdigit()}


def _host(name: str) -> str:
    return f"{name}.odd.test"


@contextmanager
def _applied(run: Run) -> Iterator[_Odd]:
    folder = run.scratch / "odd"
    folder.mkdir()
    made = folder / "made"
    made.mkdir()
    subprocess.run([sys.executable, ROOT / "tests/odd/make.py", made], check=True)
    answers = _table()
    auth = {"verifyDepth": 2}
    hosts = {
        _host(name): {
            "service": "app",
            "tls": {"issuer": "servers"},
            "clientAuth": {**auth, "secretName": f"{_NAMESPACE}/{name}"},
        }
        for name in answers
    }
    services = {"app": {"image": "httpd", "port": 80}}
    spec = {"namespace": _NAMESPACE, "cas": {"servers": {}}, "services": services, "hosts": hosts}
    project = Project.with_spec(run.program, folder / "project", spec)
    rendered = project.render()
    serve(run.cluster, _NAMESPACE)
    secrets = [_secret(name, made / name) for name in answers]
    run.cluster.apply(as_list([*secrets, *endpoints(read_objects(rendered))]))
    run.cluster.apply(rendered)
    yield _Odd(made, project, answers)


def _secret(name: str, folder: Path) -> Object:
    files = [folder / file for file in ("ca.crt", "ca.crl")]
    data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in files if file.exists()}
    metadata = {"name": name, "namespace": _NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def _asks(kind: str, *, lists: bool) -> None:
    @case(
        f"odd {kind}",
        ["ingress-nginx"],
        not_applicable={"traefik": "it verifies with Go's library, and reads no `ca.crl`"},
    )
    def judged(world: World) -> None:
        odd = world.run.share("odd", _applied)
        at, marker = controller(world.run, world.counterpart), the_backend(world.run).marker
        names = [name for name in odd.answers if name.startswith("list-") == lists]
        assert len(names) > 30, f"only {names} were found"
        authority = odd.project.certificate("cas/servers")

        def ask(name: str) -> Answer:
            client = Identity(odd.folder / name / "client.pem", odd.folder / name / "client.key")
            return ask_host(world.network, at, _host(name), authority, client)

        wrong = []
        # Once one is served, all of them have been read.
        becomes(Served(), lambda: ask("plain"), marker)
        for name in names:
            try:
                becomes(odd.expected(name), lambda name=name: ask(name), marker, seconds=3)
            except AssertionError as error:
                wrong.append(f"{name}: {error}")
        assert not wrong, "\n".join(wrong)


_asks("authorities", lists=False)
_asks("revocation lists", lists=True)
