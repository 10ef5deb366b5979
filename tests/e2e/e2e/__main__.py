"""The command line of `tests/e2e/run`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from . import parts
from .program import Program
from .registry import COUNTERPARTS, Case, Registry, load
from .runner import run_cases
from .table import Cell, table
from .world import Run

_SCRATCH = "mtlsgen-e2e-"
#: A run writes a few hundred megabytes; in bytes.
_MEMORY = 2 << 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked for; 0 if all of it passed."""
    options = _arguments(arguments)
    registry = load()
    if options.list:
        for each in registry.cases:
            print(f"{each.name}  [{', '.join(each.counterparts)}]")
        return 0
    cases = _chosen(registry, options.only)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        cells = _run(cases, options.keep)
    except parts.Missing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return _report(cases, cells)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/e2e/run", description="mtlsgen against the real programs.")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="run this case (or topic) alone; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="list the cases' names")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder: specs, stores, servers' logs")
    return parser.parse_args(arguments)


def _chosen(registry: Registry, only: Sequence[str]) -> list[Case]:
    if not only:
        return list(registry.cases)
    known = {name for each in registry.cases for name in (each.name, each.topic)}
    if unknown := [name for name in only if name not in known]:
        sys.exit(f"error: there is no case {', '.join(unknown)}; `tests/e2e/run --list` lists the names")
    return [each for each in registry.cases if each.name in only or each.topic in only]


def _run(cases: Sequence[Case], keep: bool) -> list[Cell]:
    parts.install(part for case in cases for name in case.counterparts for part in COUNTERPARTS[name].parts)
    program = Program(parts.build_mtlsgen())
    with scratch_folder(keep) as scratch, closing(Run(program, scratch)) as run:
        return run_cases(run, cases, keep)


@contextmanager
def scratch_folder(keep: bool) -> Iterator[Path]:
    """A folder for what a run writes; it goes with the run unless it is to be kept."""
    place = _place()
    _remove_abandoned(place)
    scratch = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-", dir=place))
    try:
        yield scratch
    finally:
        if keep:
            print(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


def _place() -> Path:
    """In memory, where there is enough of it: stores are written with care, which takes time on a disk."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _MEMORY:
        return memory
    return Path(tempfile.gettempdir())


def _remove_abandoned(place: Path) -> None:
    """Removes what runs that were killed left behind."""
    for path in place.glob(f"{_SCRATCH}*-*"):
        owner = path.name.removeprefix(_SCRATCH).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(path, ignore_errors=True)


def interrupt(*_: object) -> None:
    """Ends the run as Ctrl-C does."""
    raise KeyboardInterrupt


def _report(cases: Sequence[Case], cells: Sequence[Cell]) -> int:
    for topic in dict.fromkeys(each.topic for each in cases):
        members = [each for each in cases if each.topic == topic]
        print("\n" + table(topic, members, cells))
    failed = sum(cell.verdict == "FAILED" for cell in cells)
    passed = sum(cell.verdict == "ok" for cell in cells)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
