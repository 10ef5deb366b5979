"""The hunt itself: batches of generated doors, until the time is over."""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ..specs.doors import Doors, generate_doors
from .batch import Batch, NotRead, render_all, serve_batch, withdraw
from .features import explains, label
from .finds import Count, Find, ask_again, judge, refused, said_twice
from .ground import Ground
from .rendered import Rendered
from .shrink import shrunk

#: Specs put before the controller at once.
SIZE = 20
#: Workers of the configuration before may answer for a moment.
_SETTLES = 1.5
_SHRUNK_AT_ONCE = 2


@dataclass
class Tally:
    """What a hunt has seen."""

    specs: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    count: Count = field(default_factory=Count)
    labels: Counter[str] = field(default_factory=Counter)
    #: Labels of finds before they were shrunk, which need not be shrunk again.
    _raw: Counter[str] = field(default_factory=Counter)

    def is_new(self, raw: str) -> bool:
        """Whether no find with this label has been looked at closely."""
        self._raw[raw] += 1
        return self._raw[raw] == 1

    def __str__(self) -> str:
        refused = self.specs - self.accepted
        codes = ", ".join(f"{code} {number}" for code, number in self.refused.most_common())
        rate = f"{60 * self.specs / self.count.seconds:.0f} specs and {60 * self.count.cells / self.count.seconds:.0f}"
        phases = self.count.phases.items()
        return (
            f"{self.specs} specs, {self.accepted} accepted, {refused} refused ({codes}); {self.count.cells} cells;"
            f" {rate} cells a minute; seconds: {', '.join(f'{name} {spent:.0f}' for name, spent in phases)}"
        )


class Hunt:
    """One hunt before one controller."""

    def __init__(self, ground: Ground, seed: int, known: Sequence[str] = (), shrink: bool = True) -> None:
        self._ground = ground
        self._seed = seed
        self._known = [re.compile(each) for each in known]
        self._shrink = shrink
        self.tally = Tally()

    def until(self, goes_on: Callable[[], bool], size: int = SIZE) -> Iterator[tuple[str, Find]]:
        """Hunts as long as that is true; each find of a new kind with its label."""
        first = 0
        while goes_on():
            started = time.monotonic()
            numbers = range(first, first + size)
            first += size
            finds = self.batch([generate_doors(self._seed, number, self._ground.roots) for number in numbers])
            self.tally.count.seconds += time.monotonic() - started
            yield from self._news(finds)

    def batch(self, doors: Sequence[Doors]) -> list[Find]:
        """All finds of these."""
        folder = self._ground.folder / "specs"
        with self.tally.count.timed("rendering"):
            rendered = render_all(self._ground, folder, doors)
        self._note(rendered)
        finds = [_broken(each) for each in rendered if each.verdict == "broken"]
        finds += self._served(rendered)
        shutil.rmtree(folder)
        return finds

    def _note(self, rendered: Sequence[Rendered]) -> None:
        self.tally.specs += len(rendered)
        self.tally.accepted += sum(each.verdict == "accepted" for each in rendered)
        for each in rendered:
            if each.verdict == "refused":
                self.tally.refused[each.codes[0]] += 1

    def _served(self, rendered: list[Rendered]) -> list[Find]:
        batch = Batch(rendered)
        try:
            with self.tally.count.timed("serving"):
                serve_batch(self._ground, batch)
            with self.tally.count.timed("asking"):
                finds = judge(self._ground, batch, self.tally.count)
            if finds:
                time.sleep(_SETTLES)
                finds = ask_again(self._ground, batch, finds)
            finds += [find for each in batch.accepted for find in said_twice(each)]
            return finds + list(refused(batch))
        except NotRead as error:
            words = str(error)
        finally:
            withdraw(self._ground, batch)
        accepted = batch.accepted
        if len(accepted) == 1:
            said = re.search(r"\[emerg\] \S+ ([a-z ]*)", words)
            kind = f"not read: {said[1].strip()}" if said else "not read"
            return [Find(kind, accepted[0].doors, "the configuration of all hosts", words, "is read")]
        half = len(accepted) // 2
        return [*self._served(accepted[:half]), *self._served(accepted[half:])]

    def _news(self, finds: Sequence[Find]) -> Iterator[tuple[str, Find]]:
        looked_at = 0
        for find in _first_of_each(finds):
            raw = label(find)
            if self._is_known(raw):
                self.tally.labels["known"] += 1
                continue
            if same := next((name for name in self.tally.labels if explains(name, raw)), None):
                self.tally.labels[same] += 1
                continue
            if looked_at >= _SHRUNK_AT_ONCE or not self.tally.is_new(raw):
                continue
            looked_at += 1
            with self.tally.count.timed("shrinking"):
                small = self._shrunk(find)
            name = label(small)
            self.tally.labels[name] += 1
            if self.tally.labels[name] == 1 and not self._is_known(name):
                yield name, small

    def _shrunk(self, find: Find) -> Find:
        if not self._shrink or find.kind.startswith(("broken", "not read", "refused by")):
            return find
        folder = self._ground.folder / "shrunk"
        try:
            return shrunk(self._ground, folder, find)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _is_known(self, name: str) -> bool:
        return any(each.search(name) for each in self._known)


def _first_of_each(finds: Sequence[Find]) -> list[Find]:
    """One find of each spec and label."""
    chosen: dict[tuple[str, str], Find] = {}
    for find in finds:
        chosen.setdefault((find.doors.name, label(find)), find)
    return list(chosen.values())


def _broken(found: Rendered) -> Find:
    return Find("broken", found.doors, "mtlsgen", found.said[-2000:], "objects or a diagnostic")


def described(name: str, find: Find) -> str:
    """A find for people, in Markdown."""
    spec = yaml.safe_dump(find.doors.content, sort_keys=False, allow_unicode=True, width=120)
    others = "".join(
        f"\nAnother's Ingress (within: {each.shape}, age {each.age}):\n```yaml\n"
        + yaml.safe_dump(each.ingress, sort_keys=False, allow_unicode=True, width=120)
        + "```\n"
        for each in find.doors.others
    )
    return (
        f"## {name}\n- way: {find.doors.way}\n- asked: {find.asked}\n- answered: {find.answered}\n"
        f"- the spec says: {find.expected}\n\n```yaml\n{spec}```\n{others}\n"
    )


def keep(folder: Path, name: str, find: Find) -> None:
    """Writes a find to files of its own: for people, and to be put before the controller again."""
    folder.mkdir(exist_ok=True)
    file = folder / re.sub("[^A-Za-z0-9]+", "-", name).strip("-")[:80]
    file.with_suffix(".md").write_text(described(name, find))
    file.with_suffix(".json").write_text(find.doors.written())
