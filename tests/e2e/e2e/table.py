"""The results, as tables of cases by counterparts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .registry import Case, columns


@dataclass(frozen=True)
class Cell:
    """One case with one counterpart."""

    case: Case
    counterpart: str
    #: `ok`, `FAILED` or `n/a`.
    verdict: str
    #: Why, for anything but `ok`.
    reason: str = ""
    #: How long it took, in seconds.
    seconds: float = 0


def table(topic: str, cases: Sequence[Case], cells: Sequence[Cell]) -> str:
    """One topic's table, with the reasons of cells that say `n/a` below it."""
    heads = columns(cases)
    verdicts = {(cell.case.name, cell.counterpart): cell for cell in cells}
    rows = [["", *heads]]
    rows += [[each.name, *(_text(verdicts[each.name, head]) for head in heads)] for each in cases]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads) + 1)]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([topic, *(f"  {line}" for line in lines), *_reasons(cases, heads, verdicts)])


def _text(cell: Cell) -> str:
    return cell.verdict if cell.verdict == "n/a" else f"{cell.verdict} ({cell.seconds:.1f} s)"


def _reasons(cases: Sequence[Case], heads: Sequence[str], verdicts: dict[tuple[str, str], Cell]) -> list[str]:
    cells = [verdicts[each.name, head] for each in cases for head in heads]
    return [f"  n/a: {cell.case.name}, {cell.counterpart}: {cell.reason}" for cell in cells if cell.verdict == "n/a"]
