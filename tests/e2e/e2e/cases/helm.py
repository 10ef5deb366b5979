"""Helm's post-renderer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from ..compare import everything_different, identity
from ..parts import ROOT, binary
from ..program import Finished, Object, Project, read_objects
from ..registry import case
from ..world import World

_EXAMPLE = ROOT / "examples/helm"


@case("a chart and the objects of a spec, in Helm 3", counterparts=("helm",))
def helm3(world: World) -> None:
    """The executable, with its command as an argument."""
    flags = ("--post-renderer", "mtlsgen", "--post-renderer-args", "post-render")
    _judge(world, "helm3", flags)
    refused = _template(world, world.scratch / "empty", "helm3", flags, status=1)
    assert "host `shop.example.com`: never issued" in refused.stderr, refused.stderr


@case("a chart and the objects of a spec, in Helm 4", counterparts=("helm",))
def helm4(world: World) -> None:
    """The plugin folder of examples/helm; its log says what Helm does not."""
    plugin = world.scratch / "plugin"
    plugin.mkdir()
    (plugin / "plugin.yaml").write_text((_EXAMPLE / "plugin.yaml").read_text())
    installed = _run(world, world.scratch, "helm4", "plugin", "install", plugin)
    assert "mtlsgen" in installed.stdout, installed.stdout
    flags = ("--post-renderer", "mtlsgen")
    _judge(world, "helm4", flags)
    _template(world, world.scratch / "empty", "helm4", flags, status=1)
    log = (plugin / "post-render.log").read_text()
    assert "host `shop.example.com`: never issued" in log, log


def _judge(world: World, helm: str, flags: tuple[str, ...]) -> None:
    project = world.example("helm")
    _chart(project.folder / "chart")
    rendered = project.objects()
    plain = read_objects(_template(world, project.folder, helm).stdout)
    together = read_objects(_template(world, project.folder, helm, flags).stdout)
    by_identity = [{identity(each): each for each in objects} for objects in ([*plain, *rendered], together)]
    assert len(together) == len(plain) + len(rendered), sorted(by_identity[1])
    different = everything_different(*by_identity)
    assert not different, f"{helm} gives otherwise: {different}"

    # The same spec, and nothing issued.
    empty = Project.of_example(world.program, world.scratch / "empty", "helm")
    _chart(empty.folder / "chart")


def _chart(folder: Path) -> None:
    """An application with what post-renderers stumble over: comments, a hook, a quoted date."""
    (folder / "templates").mkdir(parents=True)
    objects: dict[str, Object] = {
        "service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "shop"},
            "spec": {"ports": [{"port": 80}], "selector": {"app": "shop"}},
        },
        "settings": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings"},
            "data": {"date": "2001-01-01", "switch": "on", "text": "---\na: b\n"},
        },
        "hook": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "hook", "annotations": {"helm.sh/hook": "pre-install"}},
        },
    }
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
    for name, content in objects.items():
        (folder / "templates" / f"{name}.yaml").write_text(f"# of the chart\n{yaml.safe_dump(content)}")


def _template(world: World, folder: Path, helm: str, flags: tuple[str, ...] = (), status: int = 0) -> Finished:
    return _run(world, folder, helm, "template", "release", "chart", *flags, status=status)


def _run(world: World, folder: Path, helm: str, *arguments: str | Path, status: int = 0) -> Finished:
    """Helm with folders of the case's own; mtlsgen comes first on PATH."""
    path = os.pathsep.join([str(world.program.path.parent), os.environ["PATH"]])
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "ARGOCD_"))}
    homes = {f"HELM_{name}_HOME": str(world.scratch / name.lower()) for name in ("DATA", "CACHE", "CONFIG")}
    result = subprocess.run(
        [binary(helm), *arguments],
        cwd=folder,
        env={**inherited, **homes, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == status, f"{helm} exited with {result.returncode}, not {status}:\n{result.stderr}"
    return Finished(result.returncode, result.stdout, result.stderr)
