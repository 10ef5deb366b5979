"""mtlsgen as people run it: in a folder of its own, with a clock that the test chooses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .parts import ROOT

Object = dict[str, Any]
"""A Kubernetes object."""


@dataclass(frozen=True)
class Finished:
    """What a program that has ended said."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Program:
    """The mtlsgen binary."""

    path: Path

    def run(
        self,
        *arguments: str | Path,
        folder: Path,
        stdin: str = "",
        status: int = 0,
        environment: dict[str, str] | None = None,
    ) -> Finished:
        """Runs `mtlsgen ARGUMENTS` in `folder`; AssertionError if it does not exit with `status`."""
        inherited = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
        result = subprocess.run(
            [self.path, *arguments],
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            env={**inherited, **(environment or {})},
        )
        assert result.returncode == status, (
            f"mtlsgen {' '.join(map(str, arguments))} exited with {result.returncode}, not {status}:\n{result.stderr}"
        )
        return Finished(result.returncode, result.stdout, result.stderr)


class Project:
    """A folder with a spec (and, after the first render, its store)."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder

    @classmethod
    def with_spec(cls, program: Program, folder: Path, spec: str | dict[str, Any]) -> Project:
        """A new folder; `spec` is the text of an `mtls.yaml`, or its content."""
        folder.mkdir(parents=True)
        project = cls(program, folder)
        project.write(spec)
        return project

    @classmethod
    def of_example(cls, program: Program, folder: Path, name: str) -> Project:
        """A copy of one of the repository's examples."""
        shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns("pki", "out", "expected"))
        return cls(program, folder)

    def write(self, spec: str | dict[str, Any]) -> None:
        """Replaces the spec."""
        text = spec if isinstance(spec, str) else yaml.dump(spec, Dumper=_Quoting, sort_keys=False, width=1 << 16)
        (self.folder / "mtls.yaml").write_text(text)

    def render(self, *flags: str | Path, at: str | None = None) -> str:
        """What `mtlsgen render` prints; `at` is its clock (RFC 3339)."""
        clock = ["--at", at] if at else []
        return self.program.run("render", *clock, *flags, folder=self.folder).stdout

    def objects(self, *flags: str | Path, at: str | None = None) -> list[Object]:
        """What it renders, read."""
        return read_objects(self.render(*flags, at=at))

    def listed(self, *flags: str | Path) -> list[Object]:
        """What it renders as JSON."""
        items: list[Object] = json.loads(self.render("--format", "json", *flags))["items"]
        return items

    def certificate(self, holder: str) -> Path:
        """The certificate of `clients/NAME`, `hosts/NAME` or `cas/NAME` in the store."""
        return self.folder / "pki" / holder / "tls.crt"

    def key(self, holder: str) -> Path:
        """The private key that belongs to it."""
        return self.folder / "pki" / holder / "tls.key"


class _Quoting(yaml.SafeDumper):
    """Quotes and escapes every text: PyYAML's idea of what needs quotes is that of YAML 1.1, mtlsgen reads 1.2."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def read_objects(manifests: str) -> list[Object]:
    """The objects of a YAML stream."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(manifests, loader) if each is not None]
