"""A network of the run's own: loopback and one address, without a way out; and others beside it, as Pods have."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

#: Address on which backends listen: the API server refuses endpoints on loopback (RFC 5737, TEST-NET-1).
BACKEND_ADDRESS = "192.0.2.10"
#: First address of the range of Services: the API server's own.
SERVICE_ADDRESS = "10.96.0.1"

_PREFIX = "mtlsgen-e2e-"
_FOLDER = Path("/run/netns")
#: Addresses of the networks beside the run's (RFC 5737, TEST-NET-2).
_BESIDE = "198.51.100"
_ADDRESSES = 254


class Network:
    """A network namespace, named after the process of the run."""

    def __init__(self) -> None:
        remove_abandoned()
        self.name = f"{_PREFIX}{os.getpid()}"
        self._numbers = itertools.count()
        _ip("netns", "add", self.name)
        try:
            _ip("-n", self.name, "link", "set", "lo", "up")
            for address in (BACKEND_ADDRESS, SERVICE_ADDRESS):
                _ip("-n", self.name, "addr", "add", f"{address}/32", "dev", "lo")
            # Networks beside it reach each other through it.
            forward = ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]
            subprocess.run(self.command(forward), check=True)
        except BaseException:
            self.close()
            raise

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs `command` inside."""
        return _inside(self.name, command)

    def beside(self) -> Beside:
        """A new network beside this one."""
        return Beside(self.name, next(self._numbers))

    def close(self) -> None:
        """Takes the namespace away."""
        _ip("netns", "del", self.name)


class Beside:
    """A network namespace with an address of its own, which reaches the run's addresses and is reached from there:
    what listens on fixed ports, as in a Pod, can be there more than once."""

    def __init__(self, run: str, number: int) -> None:
        self.name = f"{run}-{number}"
        #: Addresses come round again.
        self.address = f"{_BESIDE}.{number % _ADDRESSES + 1}"
        cable = f"beside{number}"
        _ip("netns", "add", self.name)
        try:
            _ip("-n", run, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            _ip("-n", self.name, "addr", "add", f"{self.address}/32", "dev", "eth0")
            for link in ("lo", "eth0"):
                _ip("-n", self.name, "link", "set", link, "up")
            _ip("-n", self.name, "route", "add", "default", "via", BACKEND_ADDRESS, "dev", "eth0", "onlink")
            _ip("-n", run, "link", "set", cable, "up")
            _ip("-n", run, "route", "add", f"{self.address}/32", "dev", cable)
        except BaseException:
            self.close()
            raise

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs `command` inside."""
        return _inside(self.name, command)

    def close(self) -> None:
        """Takes the namespace away, and its cable with it."""
        _ip("netns", "del", self.name)


def _inside(name: str, command: Sequence[str | Path]) -> list[str]:
    return ["nsenter", f"--net={_FOLDER / name}", "--", *map(str, command)]


def remove_abandoned() -> None:
    """Removes namespaces of runs that were killed before they could."""
    for path in _FOLDER.glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", path.name], check=False)


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {result.stderr.strip()} (network namespaces need root)")
