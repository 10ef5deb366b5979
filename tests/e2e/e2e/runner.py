"""Runs cases one after the other; one that fails does not stop the others."""

from __future__ import annotations

import re
import shutil
import time
import traceback
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .registry import COUNTERPARTS, Case, NotApplicable, columns
from .table import Cell
from .world import Run, World


def run_cases(run: Run, cases: Sequence[Case], keep: bool) -> list[Cell]:
    """Runs every case with each counterpart of its topic, reporting each result as it comes."""
    topics: dict[str, list[Case]] = {}
    for case in cases:
        topics.setdefault(case.topic, []).append(case)
    cells = []
    # What needs little comes first, and is not slowed down by servers that only others need.
    for members in sorted(topics.values(), key=_needs):
        for case in members:
            for counterpart in columns(members):
                cells.append(_cell(run, case, counterpart, keep))
    return cells


def _needs(cases: Sequence[Case]) -> int:
    return len({part for name in columns(cases) for part in COUNTERPARTS[name].parts})


def _cell(run: Run, case: Case, counterpart: str, keep: bool) -> Cell:
    if counterpart not in case.counterparts:
        return Cell(case, counterpart, "n/a", case.not_applicable[counterpart])
    scratch = run.scratch / re.sub("[^A-Za-z0-9]+", "-", f"{case.name} {counterpart}").strip("-")
    scratch.mkdir()
    for process in run.processes:
        process.log_since_last_look()
    started = time.monotonic()
    verdict, reason = _judge(run, case, counterpart, scratch)
    cell = Cell(case, counterpart, verdict, reason, time.monotonic() - started)
    _tell(run, cell)
    if not keep:
        shutil.rmtree(scratch)
    return cell


def _judge(run: Run, case: Case, counterpart: str, scratch: Path) -> tuple[str, str]:
    try:
        with closing(World(run, counterpart, scratch)) as world:
            case.function(world)
    except NotApplicable as reason:
        return "n/a", str(reason)
    except AssertionError as error:
        return "FAILED", _with_place(error)
    except Exception:
        return "FAILED", traceback.format_exc()
    return "ok", ""


def _with_place(error: AssertionError) -> str:
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/cases/" in each.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""
    return f"{place}{error}"


def _tell(run: Run, cell: Cell) -> None:
    print(f"{cell.verdict:>6}  {cell.case.name} [{cell.counterpart}] {cell.seconds:.1f} s", flush=True)
    if cell.verdict != "FAILED":
        return
    print(_indent(cell.reason))
    for process in run.processes:
        if words := process.log_since_last_look():
            print(_indent(f"{process.name} wrote meanwhile:\n{words}"))


def _indent(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())
