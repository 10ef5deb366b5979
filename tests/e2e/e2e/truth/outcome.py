"""Real answers, in the terms of the model's verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .access import Verdict

#: Sent where it matters whether the backend hears it, and what it is to hear.
FORGED = {"x-forwarded-client-cert": "By=forged"}
#: Stands for a verdict where there is none, since nothing is served.
NOT_NAMED = "notNamed"
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Outcome:
    """What became of a request."""

    #: 0: no answer came.
    status: int
    #: `NAMESPACE/NAME:PORT` of the Service that answered; None: the controller itself did.
    backend: str | None = None
    #: Further words for people.
    words: str = ""
    #: Nobody listens, or no listener is for the name in the handshake.
    closed: bool = False
    #: The backend got the header that the client sent.
    forged: bool = False

    @property
    def verdict(self) -> str:
        """What the model has to say."""
        if self.backend:
            return "admitted"
        if self.status in _REDIRECTS:
            return "redirected"
        if self.closed:
            return "notServed"
        return {421: "misdirected", 404: "notServed"}.get(self.status, "refused")

    def is_said(self, verdict: Verdict) -> bool:
        """Whether a verdict says so: by itself, or as one of several."""
        if verdict["verdict"] == "oneOf":
            return any(self.is_said(each) for each in verdict["oneOf"])
        if verdict["verdict"] == NOT_NAMED:
            return self.verdict in ("notServed", "refused")
        if self.closed and verdict.get("answer") == "alert":
            # Go's TLS ends a handshake so for which it has no settings.
            return True
        if verdict["verdict"] != self.verdict:
            # A page of the controller's own may be a redirect.
            return verdict["verdict"] == "refused" and not self.backend and verdict.get("answer") == str(self.status)
        if self.verdict == "admitted":
            if self.forged and not set(FORGED) & set(verdict["clientCanSend"]):
                return False
            return verdict.get("backend") in (None, self.backend)
        if self.verdict == "refused":
            return verdict.get("answer") in (None, str(self.status) if self.status else "alert")
        return True

    def __str__(self) -> str:
        forged = ", with the header that the client sent" if self.forged else ""
        return f"{self.verdict}: {self.status} {self.backend or self.words}{forged}"


def outcome(answer: Mapping[str, Any], services: Mapping[str, str]) -> Outcome:
    """Of an answer of `hunt/asker.py`; `services`: which Service is behind an address."""
    if address := answer["service"]:
        heard = answer.get("headers") or {}
        forged = any(text in heard.get(name, "") for name, text in FORGED.items())
        return Outcome(answer["status"], services.get(address, address), forged=forged)
    words = answer["location"] or answer["error"] or " ".join(answer["body"].split())
    return Outcome(answer["status"], words=words, closed=answer["closed"])
