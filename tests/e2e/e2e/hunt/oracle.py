"""What the spec says of every request: who may get in, and which service answers at which path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ..specs.doors import Doors, Other
from ..specs.doors.words import ACME, ALIAS, PLAIN_ANNOTATIONS, PREFIX
from .policy import Client, Policy, policy

Table = dict[str, Any]

#: Namespace, Service, port.
Service = tuple[str, str, int]


@dataclass(frozen=True)
class Rule:
    """A path of a host, and the service behind it."""

    host: str
    path: str
    path_type: str
    service: Service
    #: Key of the entry, or None where others wrote it.
    entry: str | None
    #: Whether it only counts beside another rule of its host.
    canary: bool = False

    def matches(self, path: str) -> bool | None:
        """Whether a path is this rule's; None where that is up to the controller."""
        if self.path_type == "Exact":
            return path == self.path
        prefix = self.path.rstrip("/")
        below = path == prefix or path.startswith(f"{prefix}/")
        if self.path_type == "ImplementationSpecific":
            # Whether the slash at the end counts, and what lies beside, is the controller's to say.
            sure = path == self.path or (below and path.startswith(self.path))
            return True if sure else None if below or path.startswith(self.path) else False
        return below


@dataclass(frozen=True)
class Expected:
    """What may come of one request."""

    #: Whether the client may get in; None where the spec does not say.
    may: bool | None
    #: The services that may answer.
    services: frozenset[Service]
    #: Whether one of them has to, if the client may get in.
    certain: bool
    #: Whether answers of other services of the spec say nothing, because annotations change who answers.
    free: bool


class Oracle:
    """Reads one spec, and nothing that mtlsgen makes of it but its warnings."""

    def __init__(self, doors: Doors, warnings: str = "", reads_allow: bool = True) -> None:
        self._doors = doors
        self._entries: dict[str, Table] = doors.content["hosts"]
        self._policies = {key: policy(doors, entry, warnings, reads_allow) for key, entry in self._entries.items()}
        self.rules = [*self._own(), *self._others()]
        self._free = self._annotated()

    def hosts(self) -> list[str]:
        """Every host that something is said of; wildcards as they are written."""
        aliases = [alias for each in self._all_aliases().values() for alias in each]
        return list(dict.fromkeys([*map(self.host, self._entries), *(rule.host for rule in self.rules), *aliases]))

    def names(self) -> list[str]:
        """The names to ask: every host, and names below wildcards, one label and two."""
        names: dict[str, None] = {}
        for host in self.hosts():
            if "*" in host:
                names |= {host.replace("*", label): None for label in ("any", "deep.any")}
            else:
                names[host] = None
        return [name for name in names if re.fullmatch(r"[a-z0-9.-]+", name)]

    def host(self, key: str) -> str:
        """The name of an entry."""
        name: str = self._entries[key].get("host", key)
        return name

    def paths(self) -> list[str]:
        """Every path of the spec."""
        return list(dict.fromkeys(rule.path for rule in self.rules))

    def policies(self, name: str) -> list[Policy]:
        """What is claimed of who may enter under a name."""
        exact, aliased, wildcard = self._claims(name)
        return [self._policies[key] for key in exact or [*aliased, *wildcard]]

    def is_aliased(self, name: str) -> bool:
        """Whether a name is an alias."""
        return any(_is_alias(alias, name) for names in self._all_aliases().values() for alias in names)

    def is_open(self, name: str) -> bool:
        """Whether clients who show nothing may enter."""
        policies = self.policies(name)
        return bool(policies) and all(each.admits(None) for each in policies)

    def is_protected(self, name: str) -> bool:
        """Whether clients who show nothing may not enter."""
        return any(each.admits(None) is False for each in self.policies(name))

    def has_tls(self, name: str) -> bool:
        """Whether an entry of that name has a certificate."""
        exact, aliased, wildcard = self._claims(name)
        return any(self._entries[key].get("tls") is not False for key in exact or [*aliased, *wildcard])

    def protected_services(self) -> set[Service]:
        """Services behind protected hosts."""
        return {rule.service for rule in self.rules if self.is_protected(rule.host.replace("*", "any"))}

    def is_for_challenges(self, service: Service | None, target: str) -> bool:
        """Whether plain HTTP may reach a service below a protected host: at challenges of ACME, where no protected
        path leads to the same service."""
        guarded = {
            rule.service
            for rule in self.rules
            if not rule.path.startswith(ACME) and self.is_protected(rule.host.replace("*", "any"))
        }
        return target.startswith(ACME) and service not in guarded

    def expected(self, name: str, client: Client | None, target: str) -> Expected:
        """What may come of a request for `target` (a path as it is sent)."""
        verdicts = [each.admits(client) for each in self.policies(name)]
        may = False if False in verdicts else None if None in verdicts or not verdicts else True
        rules = self._rules(name)
        path = unquote(target)
        sure = [rule for rule in rules if rule.matches(path) or rule.matches(target)]
        perhaps = [rule for rule in rules if rule.matches(path) is None]
        best = _best(sure)
        same = len({verdict for verdict in verdicts}) <= 1
        # An alias below a wildcard takes some of its names away; the spec does not say which.
        aliased = bool(self._claims(name)[1])
        certain = bool(best) and same and not aliased and all(rule.entry is not None for rule in rules)
        services = frozenset(rule.service for rule in [*best, *perhaps])
        # Ingresses of others may take paths over, and so may aliases: the rules are as good as one another.
        if aliased or any(rule.entry is None for rule in rules):
            services |= {rule.service for rule in sure}
        return Expected(may, services, certain, bool(self._free & {rule.host for rule in rules}))

    def _claims(self, name: str) -> tuple[list[str], list[str], list[str]]:
        """Entries of exactly this name, with this alias, and with a wildcard above it."""
        wildcard = re.sub(r"^[^.]+", "*", name)
        keys = list(self._entries)
        exact = [key for key in keys if self.host(key) == name]
        if not exact and any(rule.host == name and not rule.canary for rule in self.rules):
            # Others made a host of it.
            return [], [], []
        aliases = self._all_aliases()
        hosts = {host for host, names in aliases.items() if any(_is_alias(each, name) for each in names)}
        aliased = [key for key in keys if self.host(key) in hosts]
        return exact, aliased, [key for key in keys if self.host(key) == wildcard]

    def _rules(self, name: str) -> list[Rule]:
        wildcard = re.sub(r"^[^.]+", "*", name)
        canaries = [rule for rule in self.rules if rule.host == name and rule.canary]
        exact = [rule for rule in self.rules if rule.host == name and not rule.canary]
        hosts = {host for host, names in self._all_aliases().items() if any(_is_alias(each, name) for each in names)}
        return (exact or [rule for rule in self.rules if rule.host in hosts or rule.host == wildcard]) + canaries

    def _own(self) -> Iterator[Rule]:
        for key, entry in self._entries.items():
            if "existingIngress" in entry:
                continue
            whole = [{"path": "/", "service": entry["service"]}] if "service" in entry else []
            for route in entry.get("routes", whole):
                service = self._service(route["service"], route.get("port"))
                yield Rule(self.host(key), route["path"], route.get("pathType", "Prefix"), service, key)

    def _others(self) -> Iterator[Rule]:
        for other in self._doors.others:
            namespace = other.ingress["metadata"]["namespace"]
            canary = other.ingress["metadata"]["annotations"].get(f"{PREFIX}canary") == "true"
            for rule in other.ingress["spec"]["rules"]:
                if "host" not in rule:
                    # For the names that nothing else has.
                    continue
                for path in self._paths(other, rule):
                    backend = path["backend"]["service"]
                    port = backend["port"].get("number", backend["port"].get("name"))
                    service = (namespace, backend["name"], self._number(namespace, backend["name"], port))
                    entry = self._existing(rule["host"], namespace)
                    yield Rule(rule["host"], path["path"], path["pathType"], service, entry, canary)

    def _paths(self, other: Other, rule: Table) -> list[Table]:
        """The paths of a rule; a default backend takes the others."""
        paths: list[Table] = rule["http"]["paths"]
        default = other.ingress["spec"].get("defaultBackend")
        return [*paths, {"path": "/", "pathType": "Prefix", "backend": default}] if default else paths

    def _existing(self, host: str, namespace: str) -> str | None:
        """The entry that an Ingress of others belongs to."""
        for key, entry in self._entries.items():
            place = entry.get("namespace", self._doors.content["namespace"])
            if "existingIngress" in entry and self.host(key) == host and place == namespace:
                return key
        return None

    def _service(self, key: str, port: int | str | None) -> Service:
        table = self._doors.content["services"][key]
        namespace = table.get("namespace", self._doors.content["namespace"])
        name = table.get("name", key)
        return namespace, name, self._number(namespace, name, port)

    def _number(self, namespace: str, name: str, port: int | str | None) -> int:
        """The number of a port that is given by number, by name or not at all."""
        ports = dict(service_ports(self._doors)).get((namespace, name), [("", 0)])
        for given, number in ports:
            if port in (given, number):
                return number
        return ports[0][1]

    def _all_aliases(self) -> dict[str, list[str]]:
        """Host to its aliases, as annotations in the spec, its patches and the others' Ingresses say. What is a host
        of its own is not an alias."""
        aliases: dict[str, list[str]] = {}
        hosts = {*map(self.host, self._entries), *(rule.host for rule in self.rules)}
        for host, notes in self._notes():
            if ALIAS in notes:
                names = [part.strip() for part in notes[ALIAS].split(",")]
                aliases.setdefault(host, []).extend(name for name in names if name not in hosts)
        return aliases

    def _annotated(self) -> set[str]:
        """Hosts with annotations that change what answers."""
        changed = {
            host
            for host, notes in self._notes()
            if any(key.startswith(PREFIX) and key != ALIAS and key not in PLAIN_ANNOTATIONS for key in notes)
        }
        return changed | set(self.hosts()) if self._moves_rules() else changed

    def _moves_rules(self) -> bool:
        return any(isinstance(each["patch"], list) for each in self._doors.content.get("patches", []))

    def _notes(self) -> Iterator[tuple[str, Table]]:
        content = self._doors.content
        everywhere = content.get("annotations", {})
        for patch in content.get("patches", []):
            if isinstance(patch["patch"], dict):
                everywhere = {**everywhere, **patch["patch"]["metadata"]["annotations"]}
        for key, entry in self._entries.items():
            if "existingIngress" not in entry:
                yield self.host(key), {**entry.get("annotations", {}), **everywhere}
        for other in self._doors.others:
            # Annotations and patches of the spec are for mtlsgen's own.
            notes = other.ingress["metadata"]["annotations"]
            for rule in other.ingress["spec"]["rules"]:
                yield rule.get("host", "_"), notes


def _is_alias(alias: str, name: str) -> bool:
    """Whether an alias has a name; wildcards in aliases are nginx's own, and cover several labels."""
    return name == alias or (alias.startswith("*.") and name.endswith(alias[1:]))


def service_ports(doors: Doors) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """The names and numbers of the ports of each Service, by namespace and name."""
    return {
        (table.get("namespace", doors.content["namespace"]), table.get("name", key)): [
            (each.get("name", "") if "ports" in table else each.get("portName", ""), each.get("port", 80))
            for each in table.get("ports", [table])
        ]
        for key, table in doors.content["services"].items()
    }


def _best(rules: list[Rule]) -> list[Rule]:
    """Exact before prefixes, longer prefixes before shorter ones."""
    exact = [rule for rule in rules if rule.path_type == "Exact"]
    longest = max((len(rule.path.rstrip("/")) for rule in exact or rules), default=0)
    return [rule for rule in exact or rules if len(rule.path.rstrip("/")) == longest]
