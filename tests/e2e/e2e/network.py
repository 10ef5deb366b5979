"""A network of the run's own: loopback and one address, without a way out."""

from __future__ import annotations

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


class Network:
    """A network namespace, named after the process of the run."""

    def __init__(self) -> None:
        remove_abandoned()
        self.name = f"{_PREFIX}{os.getpid()}"
        _ip("netns", "add", self.name)
        try:
            _ip("-n", self.name, "link", "set", "lo", "up")
            for address in (BACKEND_ADDRESS, SERVICE_ADDRESS):
                _ip("-n", self.name, "addr", "add", f"{address}/32", "dev", "lo")
        except BaseException:
            self.close()
            raise

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs `command` inside."""
        return ["nsenter", f"--net={_FOLDER / self.name}", "--", *map(str, command)]

    def close(self) -> None:
        """Takes the namespace away."""
        _ip("netns", "del", self.name)


def remove_abandoned() -> None:
    """Removes namespaces of runs that were killed before they could."""
    for path in _FOLDER.glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX)
        if owner.isdigit() and not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", path.name], check=False)


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {result.stderr.strip()} (network namespaces need root)")
