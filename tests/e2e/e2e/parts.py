"""Where the real programs lie, and how missing ones are had."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The repository."""

E2E = Path(__file__).resolve().parents[1]
"""The folder of these tests."""


class Missing(Exception):
    """Something could not be installed or built."""


def cache() -> Path:
    """Where installed and built programs are kept between runs."""
    return Path(os.environ.get("MTLSGEN_CACHE") or Path.home() / ".cache/mtlsgen") / "e2e"


def binary(name: str) -> Path:
    """A program that `parts/install` put in place."""
    return cache() / "bin" / name


def install(parts: Iterable[str]) -> None:
    """Installs or builds what is missing of `parts`; its progress goes to this run's output."""
    command = [str(E2E / "parts/install"), *dict.fromkeys(parts)]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise Missing(f"{' '.join(command)} failed: the tests cannot run without these parts")


def build_mtlsgen() -> Path:
    """Builds the program and returns its path."""
    if subprocess.run(["cargo", "build", "--locked", "--quiet"], cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        raise Missing("cargo build failed")
    target = Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    return ROOT / target / "debug/mtlsgen"
