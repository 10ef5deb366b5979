"""Certificates that clients show, good and bad, made by mtlsgen itself wherever it can."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..program import Program, Project

#: The authority that the hosts trust; the stranger's has the same name and another key.
CLIENTS: dict[str, Any] = {"subject": "CN=Clients, O=Example", "duration": "20y"}
ALICE: dict[str, Any] = {"issuer": "clients", "subject": "CN=alice, O=Example"}


@dataclass(frozen=True)
class Identity:
    """What a client proves with."""

    certificate: Path
    key: Path


def proof(identity: Identity | None) -> dict[str, Any]:
    """The options of `ask` that show it; none without an identity."""
    return {"certificate": identity.certificate, "key": identity.key} if identity else {}


def of_client(project: Project, name: str) -> Identity:
    """A client of a store."""
    return Identity(project.certificate(f"clients/{name}"), project.key(f"clients/{name}"))


def leaf_of(identity: Identity, certificate: Path) -> Identity:
    """The same without the intermediates, written to a file."""
    end = "-----END CERTIFICATE-----\n"
    leaf, rest = identity.certificate.read_text().split(end, 1)
    assert rest, f"{identity.certificate} has no intermediates"
    certificate.write_text(leaf + end)
    return Identity(certificate, identity.key)


class Authority:
    """The store of `clients` and what it issued at other times, in folders beside each other."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._program = program
        self._folder = folder
        past = self._project("past", {"clients": {"expired": {**ALICE, "duration": "30d"}}})
        past.render(at=_days_from_now(-400))
        self.expired = of_client(past, "expired")

    def store_in(self, project: Project) -> None:
        """Gives the authority, with key and ledger, to a project."""
        shutil.copytree(self._folder / "past/pki/cas", project.folder / "pki/cas")

    def not_yet_valid(self) -> Identity:
        """A certificate that begins in two months."""
        future = self._successor("future", {"clients": {"early": ALICE}})
        future.render(at=_days_from_now(60))
        return of_client(future, "early")

    def for_servers_only(self) -> Identity:
        """A certificate that is good for servers (`serverAuth`) alone."""
        host = {"service": "app", "tls": {"issuer": "clients"}, "clientAuth": False}
        services = {"app": {"existing": True, "port": 80}}
        servers = self._successor("servers", {"services": services, "hosts": {"alice": host}})
        servers.render()
        return Identity(servers.certificate("hosts/alice"), servers.key("hosts/alice"))

    def stranger(self) -> Identity:
        """The same names under another key."""
        stranger = self._project("stranger", {"clients": {"alice": ALICE}})
        stranger.render()
        return of_client(stranger, "alice")

    def _successor(self, name: str, spec: dict[str, Any]) -> Project:
        project = self._project(name, spec)
        self.store_in(project)
        return project

    def _project(self, name: str, spec: dict[str, Any]) -> Project:
        return Project.with_spec(self._program, self._folder / name, {"cas": {"clients": CLIENTS}, **spec})


def _days_from_now(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
