"""Specs, rendered and spoilt, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..program import Program, Project
from ..specs.choices import Choices
from ..truth.readers import Reader
from .changes import CHANGES
from .spoilt import ONE, OPEN, SERVICES, TWO, Spoilt

_NAMES = tuple(CHANGES)
#: Who is in the spec, and their authorities.
CLIENTS = {"alice": "clients", "bob": "clients", "carol": "team", "dave": "partner"}
_REVOKED = "eve"
#: The change by which longer chains pass: its spec says how long they may be.
_DEEP = "deep"
#: How many authorities may stand below one.
_PATH_LENGTH = 3
Table = dict[str, Any]


def declared(reader: Reader) -> list[Table]:
    """How a spec names a reader; nothing, where that is ingress-nginx."""
    if reader.name == "ingress-nginx":
        return []
    options = {name: value == "true" for name, value in reader.options.items()}
    return [{"name": reader.name, "version": reader.version, **options}]


def generate(
    program: Program, folder: Path, seed: int, numbers: Sequence[int], controllers: Sequence[Mapping[str, Any]]
) -> list[Spoilt]:
    """The spoilt specs of these numbers; each change is the first one of a spec in turn."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda number: _spoilt(program, folder, seed, number, controllers), numbers))


def _spoilt(
    program: Program, folder: Path, seed: int, number: int, controllers: Sequence[Mapping[str, Any]]
) -> Spoilt:
    choices = Choices(f"witness {seed} {number}")
    name = f"w{number:04}"
    first = _NAMES[number % len(_NAMES)]
    content = _content(choices, name, controllers, first == _DEEP)
    project = Project.with_spec(program, folder / name, content)
    # What a reader does not do is in the way of its manifests; what is written is the same for all.
    project.write({key: value for key, value in content.items() if key != "controllers"})
    project.render()
    # Where lists are, intermediates that no spec has are refused for theirs.
    if choices.chance(0.35) and first != _DEEP:
        program.run("cert", "revoke", f"clients/{_REVOKED}", "--reason", "keyCompromise", folder=project.folder)
    spoilt = Spoilt(name, content, project, project.objects())
    chosen = [first]
    chosen += [choices.one(_NAMES[1:]) for chance in (0.35, 0.15) if choices.chance(chance)]
    for change in dict.fromkeys(chosen):
        CHANGES[change](spoilt, choices)
        spoilt.changes.append(change)
    spoilt.write()
    return spoilt


def _content(choices: Choices, name: str, controllers: Sequence[Mapping[str, Any]], is_deep: bool) -> Table:
    issued = {client: {"issuer": issuer, "subject": f"CN={client}"} for client, issuer in CLIENTS.items()}
    hosts = {
        ONE: {**_auth(choices), **({"verifyDepth": 1} if is_deep else {})},
        TWO: {"cas": ["partner"]},
        OPEN: False,
    }
    return {
        "namespace": name,
        **({"controllers": list(controllers)} if controllers else {}),
        "cas": {
            "servers": {}, "clients": {"maxPathLen": _PATH_LENGTH}, "root": {"maxPathLen": _PATH_LENGTH},
            "team": {"issuer": "root", "maxPathLen": _PATH_LENGTH - 1}, "partner": {"maxPathLen": _PATH_LENGTH},
        },
        "clients": {**issued, _REVOKED: {"issuer": "clients", "subject": f"CN={_REVOKED}"}},
        "services": {service: {"existing": True, "port": 80} for service in SERVICES},
        "hosts": {
            f"{label}.{name}.truth.test": {
                "ingressName": label, "service": label, "tls": {"issuer": "servers"}, "clientAuth": auth,
            }
            for label, auth in hosts.items()
        },
    }  # fmt: skip


def _auth(choices: Choices) -> Table:
    cas = choices.one((["clients"], ["clients"], ["team"], ["clients", "partner"]))
    auth: Table = {"cas": cas, **choices.maybe(0.4, passCertificateToUpstream=True)}
    if choices.chance(0.2):
        return {**auth, "verify": "optional"}
    allowed = [client for client, issuer in CLIENTS.items() if issuer in cas]
    return {**auth, **choices.maybe(0.35, allow=allowed[:1])}
