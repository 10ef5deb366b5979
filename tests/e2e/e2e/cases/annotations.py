"""Annotations of ingress-nginx: the table that mtlsgen judges them by, and the controller's sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..parts import ROOT, cache
from ..registry import case
from ..world import World

_TABLE = ROOT / "src/controllers/ingress_nginx/annotation_table.rs"
#: The name, the source file and the risk of an entry of the table.
_ROW = re.compile(r'^    row\("([^"]+)", "([^"]+)", (\w+), ', re.MULTILINE)
#: A constant of the sources.
_CONSTANT = re.compile(r'^\s*(\w+)\s*=\s*"([^"]*)"', re.MULTILINE)
#: The fields that a source file registers, and one of them: written out, or a variable.
_FIELDS = re.compile(r"AnnotationFields\{\n(.*?)^\t\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t\t("?[\w-]+"?):\s*(?:\{(.*?)^\t\t\}|(\w+)),$', re.MULTILINE | re.DOTALL)
_RISK = re.compile(r"Risk:\s*parser\.AnnotationRisk(\w+)")
_ALIASES = re.compile(r"AnnotationAliases:\s*\[\]string\{([^}]*)\}")
#: Fewer than this means that the sources are read in a wrong way: 1.11.0 has 139.
_LEAST = 130

Entry = tuple[str, str, str]


@case("the table has every annotation of the controller, with its source and risk", ("ingress-nginx",))
def complete(_: World) -> None:
    """What a source registers and the table lacks would be refused without a reason, or judged by a wrong risk."""
    theirs = set(_registered(cache() / "ingress-nginx-annotations"))
    ours = set(_ROW.findall(_TABLE.read_text()))
    assert len(theirs) >= _LEAST, f"the sources register {len(theirs)} annotations"
    assert theirs <= ours, f"not in the table: {sorted(theirs - ours)}"


def _registered(sources: Path) -> Iterator[Entry]:
    for path in sorted(sources.glob("*/*.go")):
        if path.parent.name == "parser":
            continue
        text = path.read_text()
        for fields in _FIELDS.findall(text):
            for key, written, variable in _FIELD.findall(fields):
                body = written or text[text.index(f"var {variable} =") :]
                yield from _entries(text, key, body, str(path.relative_to(sources)))


def _entries(text: str, key: str, body: str, source: str) -> Iterator[Entry]:
    """The annotation itself and its aliases."""
    constants = dict(_CONSTANT.findall(text))
    risk = _RISK.search(body)
    assert risk, f"{source}: {key} has no risk"
    aliases = _ALIASES.search(body)
    names = [key, *(aliases[1].split(",") if aliases else [])]
    for name in map(str.strip, names):
        yield (name.strip('"') if name.startswith('"') else constants[name], source, risk[1])
