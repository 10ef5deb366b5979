"""A shell as the reader of a page has it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .ask import Answer, read_answer
from .network import Network
from .parts import binary


@dataclass(frozen=True)
class Typed:
    """What a line printed."""

    stdout: str
    stderr: str


class Terminal:
    """Types lines in a folder: mtlsgen and kubectl are in the path, kubectl knows the cluster, and every host's
    name leads to one controller."""

    def __init__(self, network: Network, folder: Path, home: Path, programs: dict[str, Path]) -> None:
        self._network = network
        self._folder = folder
        self._home = home
        (home / "bin").mkdir(parents=True)
        for name, path in {"kubectl": binary("kubectl"), **programs}.items():
            (home / "bin" / name).symlink_to(path)

    def leads_to(self, http: str, https: str) -> None:
        """Makes curl go to these `ADDRESS:PORT`s for port 80 and 443 of any host, as DNS records would."""
        settings = {
            "connect-to": [f":80:{http}", f":443:{https}"],
            "noproxy": ["*"],
            "max-time": ["10"],
            # For `read_answer`.
            "write-out": ["\\n%{http_code}"],
        }
        lines = [f'{key} = "{value}"' for key, values in settings.items() for value in values]
        (self._home / ".curlrc").write_text("\n".join(["silent", "show-error", *lines, ""]))

    def types(self, line: str) -> Typed:
        """One line; AssertionError if it fails."""
        result = self._bash(line)
        assert not result.returncode, f"$ {line}\nexited with {result.returncode}:\n{result.stderr}"
        return Typed(result.stdout, result.stderr)

    def asks(self, curl: str) -> Answer:
        """A line that calls curl."""
        return read_answer(self._bash(curl))

    def _bash(self, line: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "HOME": str(self._home),
            "PATH": f"{self._home / 'bin'}:{os.environ['PATH']}",
            "KUBECONFIG": str(self._home / "kubeconfig"),
        }
        return subprocess.run(
            self._network.command(["bash", "-o", "pipefail", "-c", line]),
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
