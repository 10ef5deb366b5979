"""mtlsgen's answer to generated doors: objects, or a refusal with its codes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..program import Finished, Object, Program, Project
from ..specs.doors import Doors, flat

Table = dict[str, Any]

#: A spec with many hosts takes a fraction of a second; in seconds.
_PATIENCE = 60


@dataclass
class Rendered:
    """What became of one spec."""

    doors: Doors
    project: Project
    #: `accepted`, `refused` or `broken`.
    verdict: str
    #: Codes of the errors, each once.
    codes: list[str] = field(default_factory=list)
    #: What was said beside the objects.
    said: str = ""
    objects: list[Object] = field(default_factory=list)


def rendered(program: Program, folder: Path, doors: Doors) -> Rendered:
    """Renders the doors in the way in which they want it."""
    project = Project(program, folder)
    folder.mkdir(parents=True)
    finished = _WAYS[doors.way](project, doors)
    verdict = {0: "accepted", 1: "refused", 2: "refused"}.get(finished.status, "broken")
    if "panicked" in finished.stderr:
        verdict = "broken"
    found = Rendered(doors, project, verdict, said=finished.stderr)
    if verdict == "refused":
        found.codes = _codes(finished)
        if not found.codes:
            found.verdict = "broken"
    if verdict == "accepted":
        found.objects = list(flat(_read(finished.stdout)))
    return found


def _read(manifests: str) -> list[Object]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    objects: list[Object] = []
    for each in yaml.load_all(manifests, loader):
        if each and each.get("kind") == "ResourceList":
            objects += each["items"]
        elif each:
            objects.append(each)
    return objects


def _run(project: Project, *arguments: str, stdin: str = "") -> Finished:
    result = subprocess.run(
        [project.program.path, *arguments],
        cwd=project.folder, input=stdin, capture_output=True, text=True, timeout=_PATIENCE,
    )  # fmt: skip
    return Finished(result.returncode, result.stdout, result.stderr)


def _codes(finished: Finished) -> list[str]:
    codes: dict[str, None] = {}
    for line in finished.stderr.splitlines():
        if line.startswith("{"):
            said = json.loads(line)
            if said["severity"] == "error":
                codes[said["code"]] = None
    codes |= dict.fromkeys(re.findall(r"^error\[([a-z-]+)\]", finished.stderr, re.MULTILINE))
    if not codes and re.search(r"^(\[?error|error:)", finished.stderr, re.MULTILINE | re.IGNORECASE):
        codes[" ".join(re.sub(r"`[^`]*`", "`…`", finished.stderr).split())[:80]] = None
    return list(codes)


def _render(project: Project, doors: Doors) -> Finished:
    project.write(doors.content)
    return _run(project, "render", "--message-format", "json")


def _template(project: Project, doors: Doors) -> Finished:
    doors.write_template(project.folder / "templates")
    project.write({**doors.content, "templates": "templates"})
    return _run(project, "render", "--message-format", "json")


def _kustomize(project: Project, doors: Doors) -> Finished:
    configuration = _configuration(doors)
    project.write(configuration)
    issued = _run(project, "render", "--kind", "Secret", "--message-format", "json")
    if issued.status:
        return issued
    resources = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": doors.printed(),
        "functionConfig": configuration,
    }
    return _run(project, "kustomize", stdin=json.dumps(resources))


def _post_render(project: Project, doors: Doors) -> Finished:
    project.write(doors.content)
    issued = _run(project, "render", "--kind", "Secret", "--message-format", "json")
    if issued.status:
        return issued
    chart = "\n---\n".join(json.dumps(each) for each in doors.printed())
    return _run(project, "post-render", "--message-format", "json", stdin=chart)


def _configuration(doors: Doors) -> Table:
    return {
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "MutualTLS",
        "metadata": {"name": doors.name},
        "spec": doors.content,
    }


_WAYS: dict[str, Callable[[Project, Doors], Finished]] = {
    "render": _render,
    "template": _template,
    "kustomize": _kustomize,
    "post-render": _post_render,
}
