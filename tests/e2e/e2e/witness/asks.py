"""What a witness has a controller asked, and which answers bear it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..truth.outcome import Outcome, outcome
from .clients import Clients, Shown, fingerprint, named
from .generator import CLIENTS
from .said import Witness
from .spoilt import Spoilt

#: What a client says of its certificate to the Service, where it can.
_FORGED = "forged"
#: The Service of a change to which an Ingress leads, and which no object is.
_MISSING = "missing"


@dataclass(frozen=True)
class Heard:
    """What came of one request."""

    outcome: Outcome
    #: Headers that the Service got, by name in lower case.
    headers: Mapping[str, str]
    #: SHA-256 of the server's certificate, in hexadecimal digits; empty: by plain HTTP.
    server: str

    @classmethod
    def of(cls, answer: Mapping[str, Any], services: Mapping[str, str]) -> Heard:
        """Of an answer of `hunt/asker.py`."""
        return cls(outcome(answer, services), answer.get("headers") or {}, answer.get("server") or "")


@dataclass(frozen=True)
class Ask:
    """Requests, and what is wrong with the answers to them; empty: nothing."""

    witness: Witness
    title: str
    requests: Sequence[Mapping[str, Any]]
    wrong: Callable[[Sequence[Heard]], str]


def asks(witness: Witness, spoilt: Spoilt, clients: Clients) -> Ask | str:
    """What to ask; a text: why nothing is asked."""
    if witness["shows"] == "request":
        if f"/{_MISSING}:" in (witness["observed"].get("backend") or ""):
            # Admission is judged, not whether endpoints answer.
            return "a Service that is not there"
        return _request(witness, spoilt, clients)
    if witness["shows"] == "depth":
        return _depth(witness, spoilt, clients)
    if witness.get("dependsOn"):
        return f"depends on {witness['dependsOn']}"
    host = witness["host"]
    askers = [None, *(named(spoilt.project, name) for name in CLIENTS)]
    headers: dict[str, str] = {}
    path = witness.get("path", "/")
    match witness["shows"]:
        case "notServed" | "noService" | "denied":
            wrong = _nobody
        case "otherBackend":
            wrong = _reaches(witness["backend"])
        case "forgeableHeader":
            headers = {witness["header"]: _FORGED}
            wrong = _hears(witness["header"], lambda value: value == _FORGED)
        case "unheardCertificate":
            wrong = _hears("ssl-client-cert", lambda value: not value)
        case "serverCertificate" if witness["controller"]["name"] == "traefik":
            # A certificate of any Ingress for the name, even of one that is skipped.
            return "the server's certificate"
        case "serverCertificate":
            wrong = _shows_another(fingerprint(spoilt.project.certificate(f"hosts/{host}")))
        case unknown:
            raise AssertionError(f"a witness of a new kind: {unknown}")
    if not path.startswith("/"):
        return "a path by an expression"
    requests = [_of(host, path, each, headers) for each in askers]
    return Ask(witness, f"{witness['kind']} {witness['shows']}", requests, wrong)


def _of(host: str, path: str, shown: Shown | None, headers: Mapping[str, str]) -> dict[str, Any]:
    host = host.replace("*", "any")
    return {"scheme": "https", "sni": host, "host": host, "path": path, "shown": shown, "headers": headers}


def _request(witness: Witness, spoilt: Spoilt, clients: Clients) -> Ask | str:
    observed, wanted = witness["observed"], witness["request"]
    if "unknown" in [each["verdict"] for each in (observed, *observed.get("oneOf", ()))]:
        return "what becomes of it is unknown"
    shown = clients.of(wanted["client"], spoilt.project)
    title = f"{witness['kind']} {observed['verdict']} {wanted['client']['class']} by {wanted['scheme']}"

    def wrong(heard: Sequence[Heard]) -> str:
        [one] = heard
        if not one.outcome.is_said(observed):
            return str(one.outcome)
        is_admitted = one.outcome.backend is not None
        if observed["verdict"] != "oneOf" and is_admitted == (witness["desired"] == "admitted"):
            return f"{one.outcome}, as is desired"
        return ""

    return Ask(witness, title, [{**wanted, "shown": shown}], wrong)


def _depth(witness: Witness, spoilt: Spoilt, clients: Clients) -> Ask | str:
    """A chain as long as is desired, and one with an intermediate more."""
    host, desired = witness["host"], witness["desired"]
    if "ca.crl" in spoilt.object("Secret", spoilt.bundle(host.partition(".")[0]))["data"]:
        return "intermediates of the tests have no list"
    authority = spoilt.content["hosts"][host]["clientAuth"]["cas"][0]
    # One that is not a root stands between the client and its root itself.
    above = int("issuer" in spoilt.content["cas"][authority])
    subject = next(f"CN={name}" for name, issuer in CLIENTS.items() if issuer == authority)
    issuer = (spoilt.project.certificate(f"cas/{authority}"), spoilt.project.key(f"cas/{authority}"))
    lengths = (desired - above, desired - above + 1)
    requests = [_of(host, "/", clients.below(issuer, subject, length), {}) for length in lengths]

    def wrong(heard: Sequence[Heard]) -> str:
        right, deeper = (each.outcome for each in heard)
        is_of_another = len(spoilt.changes) > 1 and not right.backend
        return "" if deeper.backend or is_of_another else f"{deeper}, and {right} with a chain as long as is desired"

    return Ask(witness, f"{witness['kind']} depth", requests, wrong)


def _nobody(heard: Sequence[Heard]) -> str:
    """No client gets to a Service."""
    served = [each for each in heard if each.outcome.backend]
    return f"{served[0].outcome}" if served else ""


def _reaches(backend: str) -> Callable[[Sequence[Heard]], str]:
    """A client gets to that one."""

    def wrong(heard: Sequence[Heard]) -> str:
        outcomes = [each.outcome for each in heard]
        return "" if any(each.backend == backend for each in outcomes) else ", ".join(map(str, outcomes))

    return wrong


def _shows_another(expected: str) -> Callable[[Sequence[Heard]], str]:
    """A client that gets an answer has seen another certificate of the server."""

    def wrong(heard: Sequence[Heard]) -> str:
        seen = {each.server for each in heard if each.server}
        return "" if seen and expected not in seen else f"the server shows {seen or 'nothing'}"

    return wrong


def _hears(header: str, of: Callable[[str], bool]) -> Callable[[Sequence[Heard]], str]:
    """A Service gets such a value of a header from a client that gets to it."""

    def wrong(heard: Sequence[Heard]) -> str:
        values = [each.headers.get(header, "") for each in heard if each.outcome.backend]
        return "" if any(map(of, values)) else f"the Service hears {values}"

    return wrong
