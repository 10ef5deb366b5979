"""A seeded source of choices, and the words to choose from."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

from ..parts import ROOT

T = TypeVar("T")

_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")

#: kubectl sends server-side applications as JSON and the API server reads them as YAML 1.1, where these are
#: forbidden or, in the case of U+0085, a line break. Client-side application carries them.
_LOST_SERVER_SIDE = re.compile("[\x7f-\x9f\ufffe\uffff]")

#: Names that some reader of YAML takes for a boolean, a number, a date or nothing.
_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "e1", "x0f", "nan", "inf")
_NUMBERS = ("1e3", "0x1f", "007", "0o17", "1.5", "1", "2024-01-01", "0b11", "08")


def hostile_texts() -> list[str]:
    """Texts that some reader of YAML, some shell or some template takes for something else."""
    texts: list[str] = json.loads((ROOT / "tests/hostile-strings.json").read_text())
    return texts


class Choices:
    """Chooses by a seed: the same seed, the same choices."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def chance(self, of: float) -> bool:
        """True with this probability."""
        return self._random.random() < of

    def one(self, values: Sequence[T]) -> T:
        """One of these."""
        return self._random.choice(values)

    def some(self, values: Sequence[T], most: int, least: int = 0) -> list[T]:
        """Some of these, none twice, in a stable order."""
        number = min(self._random.randint(least, most), len(values))
        chosen = self._random.sample(range(len(values)), number)
        return [values[at] for at in sorted(chosen)]

    def number(self, least: int, most: int) -> int:
        """A number between these, both included."""
        return self._random.randint(least, most)

    def text(self) -> str:
        """Any text at all."""
        return self.one(self._hostile)

    def label_value(self) -> str:
        """A value of a label."""
        return self.one([*self._label_values, *_WORDS, *_NUMBERS])

    def object_name(self) -> str:
        """A name of an object that is not a Service."""
        return self.one([*self._object_names, *_WORDS, *_NUMBERS[:-3]])

    def service_name(self) -> str:
        """A DNS label with a letter first."""
        return self.one(_WORDS)

    def labels(self, most: int = 3) -> dict[str, str]:
        """Labels of the user's own."""
        keys = self.some(("tier", "example.com/owner", "on", "a.b/c_D.e", "x" * 63, "1e3"), most)
        return {key: self.label_value() for key in keys}

    def annotations(self, most: int = 4) -> dict[str, str]:
        """Annotations of the user's own, with any text."""
        keys = self.some(("note", "example.com/note", "y", "example.com/a_b.C", "1.5", "example.com/off"), most)
        return {key: self.text() for key in keys}

    def maybe(self, of: float, **fields: Any) -> dict[str, Any]:
        """These fields, with this probability."""
        return fields if self.chance(of) else {}

    @cached_property
    def _hostile(self) -> list[str]:
        return [text for text in hostile_texts() if not _LOST_SERVER_SIDE.search(text)]

    @cached_property
    def _label_values(self) -> list[str]:
        return [text for text in self._hostile if _LABEL_VALUE.fullmatch(text)]

    @cached_property
    def _object_names(self) -> list[str]:
        names = [text for text in self._hostile if _OBJECT_NAME.fullmatch(text)]
        return [
            name for name in names if all(_DNS_LABEL.fullmatch(label) or label.isdigit() for label in name.split("."))
        ]
