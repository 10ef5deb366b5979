"""Objects compared: what was meant with what the API server has stored."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .program import Object

#: What the API server writes into every object.
_FILLED_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
#: What kubectl and the Deployment's own history write into annotations.
_FILLED_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration",)


def identity(object: Object) -> str:
    """`Kind namespace/name`."""
    metadata = object["metadata"]
    return f"{object['kind']} {metadata.get('namespace', 'default')}/{metadata['name']}"


def server_filled(object: Object) -> Object:
    """The object without what only the API server (or kubectl) writes."""
    bare = copy.deepcopy(object)
    for key in _FILLED_METADATA:
        bare["metadata"].pop(key, None)
    annotations = bare["metadata"].get("annotations", {})
    for key in _FILLED_ANNOTATIONS:
        annotations.pop(key, None)
    if not annotations:
        bare["metadata"].pop("annotations", None)
    bare.pop("status", None)
    return bare


def fixed_versions(objects: Mapping[str, Object]) -> dict[str, str]:
    """The resourceVersion of every object."""
    return {key: each["metadata"]["resourceVersion"] for key, each in objects.items()}


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where `found` lacks something of `wanted` or has it otherwise; what it has beyond that is a default.

    Labels, annotations and data have no defaults: they must be equal.
    """
    return list(_differences(wanted, found, path))


def everything_different(one: Any, other: Any) -> list[str]:
    """Where two values differ at all, either way."""
    return list(_different(one, other, ""))


def _different(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from _different(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _different(left, right, f"{path}[{at}]")
    elif one != other:
        yield f"{path}: {one!r} and {other!r}"


def _differences(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        yield from _table(wanted, found, path)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (ours, theirs) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(ours, theirs, f"{path}[{at}]")
    elif wanted != found and not _is_empty(wanted, found):
        yield f"{path}: {wanted!r} became {found!r}"


def _table(wanted: Mapping[str, Any], found: Mapping[str, Any], path: str) -> Iterator[str]:
    exact = path.rpartition(".")[2] in ("labels", "annotations", "data", "matchLabels", "selector")
    keys: Iterable[str] = {**wanted, **found} if exact else wanted
    for key in keys:
        below = f"{path}.{key}"
        if key not in wanted:
            yield f"{below}: appeared as {found[key]!r}"
        elif path.endswith(".resources"):
            yield from _quantities(wanted[key], found.get(key, {}), below)
        else:
            yield from _differences(wanted[key], found.get(key), below)


def _quantities(wanted: Mapping[str, Any], found: Mapping[str, Any], path: str) -> Iterator[str]:
    """Quantities are stored in their canonical form: `0.5` becomes `500m`."""
    for key in {**wanted, **found}:
        ours, theirs = _amount(wanted.get(key)), _amount(found.get(key))
        if ours != theirs:
            yield f"{path}.{key}: {wanted.get(key)!r} became {found.get(key)!r}"


def _amount(quantity: Any) -> float | None:
    if quantity is None:
        return None
    text = str(quantity)
    for suffix, factor in {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


def _is_empty(wanted: Any, found: Any) -> bool:
    """An empty text or table may be left out."""
    return wanted in ("", {}, []) and found is None
