"""What mtlsgen says of spoilt manifests: in which requests they differ from the spec."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .spoilt import Spoilt

#: One item of `witnesses` of a diagnostic.
Witness = Mapping[str, Any]
_CODES = ("host-unprotected", "host-locked-out")


@dataclass
class Said:
    """mtlsgen's answer."""

    spoilt: Spoilt
    witnesses: list[Witness] = field(default_factory=list)
    #: Codes of other errors, which come before these.
    codes: list[str] = field(default_factory=list)


def said(spoilt: Spoilt) -> Said:
    """Renders the spoilt spec."""
    program = spoilt.project.program.path
    command = [program, "render", "--message-format", "json"]
    result = subprocess.run(command, cwd=spoilt.project.folder, capture_output=True, text=True)
    assert result.returncode in (0, 2), f"status {result.returncode}:\n{result.stderr}\n{spoilt.described()}"
    assert not (result.returncode and result.stdout), f"manifests in spite of an error:\n{result.stderr}"
    found = Said(spoilt)
    for each in _errors(result.stderr):
        if each["code"] in _CODES:
            assert each["witnesses"], f"nothing shows it: {each}"
            found.witnesses += each["witnesses"]
        else:
            found.codes.append(each["code"])
    assert bool(result.returncode) == bool(found.witnesses or found.codes), result.stderr
    return found


def _errors(words: str) -> Iterable[Mapping[str, Any]]:
    for line in words.splitlines():
        each = json.loads(line) if line.startswith("{") else {}
        if each.get("severity") == "error":
            yield each
