"""Servers that the tests start: each is stopped by its process id, and its log is kept."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class NotReady(Exception):
    """A server ended early, or did not answer in time."""


def wait_until(condition: Callable[[], object], seconds: float, what: str, pause: float = 0.05) -> None:
    """Asks `condition` again and again until it is true; NotReady after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


class Process:
    """A server in a session of its own, so that Ctrl-C reaches it through `stop` alone.

    It dies with the run even if that is killed (start it from the main thread: the kernel watches the
    thread that started it).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        noise: str | None = None,
    ) -> None:
        """`noise`: a regular expression for the beginnings of log lines that are not needed."""
        self.name = name
        self.log = log
        self._noise = re.compile(noise) if noise else None
        self._log_seen = 0
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.returncode is None and self._ended() is None

    def wait_until_ready(self, ready: Callable[[], object], seconds: float = 60) -> None:
        """Waits for `ready`; NotReady, with the end of the log, if the server ends or is too slow."""

        def ready_or_dead() -> bool:
            return not self.alive() or bool(ready())

        try:
            wait_until(ready_or_dead, seconds, self.name)
        except NotReady as error:
            raise NotReady(f"{error}\n{self.log_tail()}") from None
        if not self.alive():
            raise NotReady(f"{self.name} has ended\n{self.log_tail()}")

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that it wrote."""
        return self._tail(self.log.read_text(errors="replace"), lines)

    def log_since_last_look(self, lines: int = 20) -> str:
        """The last lines of what was written since this was called before."""
        text = self.log.read_bytes()[self._log_seen :]
        self._log_seen += len(text)
        return self._tail(text.decode(errors="replace"), lines)

    def stop(self, patience: float = 10) -> None:
        """Ends it and everything in its process group, and waits for its end."""
        if self._popen.returncode is not None:
            return
        os.killpg(self.pid, signal.SIGTERM)
        with contextlib.suppress(NotReady):
            wait_until(lambda: not self.alive(), patience, self.name, pause=0.02)
        os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def _ended(self) -> object | None:
        """What the kernel says of its end. It is only asked: until `stop`, the number stays this process's."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)

    def _tail(self, text: str, lines: int) -> str:
        worth = [line for line in text.splitlines() if not (self._noise and self._noise.match(line))]
        return "\n".join(worth[-lines:])
