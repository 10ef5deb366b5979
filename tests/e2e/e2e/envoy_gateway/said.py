"""What `mtlsgen access` says of hosts behind Envoy Gateway, in the words of what is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..program import Object, Project
from .scene import REFUSED, SERVED

#: What the controller reads.
KINDS = (
    "gatewayclass",
    "gateway",
    "listenerset",
    "httproute",
    "grpcroute",
    "referencegrant",
    "clienttrafficpolicy",
    "envoyproxy",
    "envoypatchpolicy",
    "securitypolicy",
    "envoyextensionpolicy",
    "secret",
    "configmap",
    "service",
    "namespace",
)
UNKNOWN = "unknown"
#: Begins the names of clients that are asked about: the spec has some of its own.
_OURS = "e2e-"
_NOTHING = "nothing"


@dataclass(frozen=True)
class Said:
    """Verdicts by address, scheme, host and client (None: without a certificate)."""

    verdicts: Mapping[tuple[str, str, str, str | None], Object]

    def of(self, namespace: str, host: str, client: str | None = None, plain: bool = False) -> Object:
        """The verdict on a request at the Gateway of a namespace."""
        address = f"Gateway `{namespace}/gateway`"
        return self.verdicts[address, "http" if plain else "https", host, client]

    def words(self, namespace: str, host: str, client: str | None = None, plain: bool = False) -> tuple[str, ...]:
        """What may be seen, by the verdict."""
        verdict = self.of(namespace, host, client, plain)
        match verdict["verdict"]:
            case "admitted":
                return (SERVED,)
            case "refused":
                return (REFUSED if verdict["answer"] == "alert" else str(verdict["answer"]),)
            case "redirected":
                return ("301",)
            case "notServed":
                # Without a listener of that name, Envoy closes the connection.
                return ("404", REFUSED)
            case other:
                return (str(other),)


def said(
    project: Project,
    hosts: Sequence[str],
    clients: Mapping[str, Path],
    arguments: Sequence[str],
    objects: str = "",
) -> Said:
    """The answers of `mtlsgen access ARGUMENTS`."""
    asked: list[str] = ["access", "--quiet", "--format", "json", "--path", "/", *arguments]
    for name, file in clients.items():
        asked += ["--client", f"{_OURS}{name}={file}"]
    for host in hosts:
        asked += ["--host", host]
    printed = json.loads(project.program.run(*asked, folder=project.folder, stdin=objects).stdout)
    verdicts: dict[tuple[str, str, str, str | None], dict[str, Any]] = {}
    for host in printed["hosts"]:
        for each in host["requests"]:
            client = None if each["client"] == _NOTHING else each["client"]
            if each["path"] == "/" and (client is None or client.startswith(_OURS)):
                key = host["address"], each["scheme"], host["host"], client and client.removeprefix(_OURS)
                verdicts[key] = each
    return Said(verdicts)
