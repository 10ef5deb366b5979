"""One HTTP request by the real curl, from inside the run's network."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .network import Network

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    #: Status of the response; 0 where none came.
    status: int
    body: str
    #: curl's exit status; which one says little about why a handshake failed (16, 35, 55 and 56 are seen).
    exit_status: int
    error: str

    @property
    def refused(self) -> bool:
        """Whether the connection was closed without any response."""
        return self.status == 0 and self.exit_status != 0

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    def __str__(self) -> str:
        if self.refused:
            return f"refused ({self.error})"
        return f"{self.status} {' '.join(self.body.split())[:160]}"


def ask(
    network: Network,
    url: str,
    *,
    at: str | None = None,
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    headers: Mapping[str, str] | None = None,
    flags: Sequence[str | Path] = (),
    seconds: int = 10,
) -> Answer:
    """Asks for `url`.

    `at` is the `ADDRESS:PORT` to connect to instead of the URL's host; the URL's host is still what is sent
    as SNI and `Host` (another `Host` goes into `headers`). The server's certificate is judged by
    `authority`, and not at all (`--insecure`) without it.
    """
    trust = ["--cacert", authority] if authority else ["--insecure"]
    identity = [*(["--cert", certificate] if certificate else []), *(["--key", key] if key else [])]
    fields = [part for name, value in (headers or {}).items() for part in ("--header", f"{name}: {value}")]
    command = [
        "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(seconds),
        "--write-out", "\n%{http_code}",
        *_connect_to(url, at), *trust, *identity, *fields, *flags, url,
    ]  # fmt: skip
    result = subprocess.run(network.command(command), capture_output=True, text=True, errors="replace")
    return read_answer(result)


def read_answer(curl: subprocess.CompletedProcess[str]) -> Answer:
    """The answer that a curl has printed whose output ends in a line with the status after the body."""
    body, _, status = curl.stdout.rpartition("\n")
    return Answer(int(status or 0), body, curl.returncode, curl.stderr.strip())


def _connect_to(url: str, at: str | None) -> list[str]:
    if at is None:
        return []
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return ["--connect-to", f"{parts.hostname}:{port}:{at}"]
