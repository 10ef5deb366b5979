"""The spec of the scene: a host for each setting, and clients that are near misses of each other."""

from __future__ import annotations

from typing import Any

from .identities import ALICE, CLIENTS

NAMESPACE = "enforcement"
#: Where the Secret of `elsewhere` lies.
OTHER_NAMESPACE = "enforcement-elsewhere"
#: A Secret with the clients' authority, which mtlsgen has not made.
EXISTING_SECRET = "existing-authority"
ERROR_PAGE = "https://open.enforcement.test/no-certificate"


def host_name(host: str) -> str:
    """The name under which a host of the scene is asked."""
    return f"{host}.enforcement.test"


#: Setting by host. All of them trust `clients` unless they say otherwise.
_HOSTS: dict[str, Any] = {
    "protected": {},
    "open": False,
    "unforwarded": {"passCertificateToUpstream": False},
    "optional": {"verify": "optional"},
    "optional-unforwarded": {"verify": "optional", "passCertificateToUpstream": False},
    "optional-no-ca": {"verify": "optional_no_ca"},
    "off": {"verify": "off"},
    "allowed": {"allow": ["alice", "api.example", "doe"]},
    "errors": {"errorPage": ERROR_PAGE},
    "chain": {"cas": ["chain-issuing"]},
    # It lists the root alone; the intermediate is in the bundle all the same.
    "root-alone": {"cas": ["short-root"]},
    "shallow": {"cas": ["chain-issuing"], "verifyDepth": 1},
    "two": {"cas": ["clients", "partner"]},
    "existing": {"cas": None, "secretName": f"{NAMESPACE}/{EXISTING_SECRET}"},
    "elsewhere": {"cas": None, "secretName": f"{OTHER_NAMESPACE}/{EXISTING_SECRET}"},
}

#: Subjects that could be mistaken for alice's, api.example's or doe's; `/` begins openssl's form, which
#: is encoded from left to right.
NEAR_MISSES = {
    "alice with a suffix": "CN=alice-admin, O=Example",
    "alice with a prefix": "CN=malice, O=Example",
    "alice of a longer organization": "CN=alice, O=Example Ltd",
    "alice without an organization": "CN=alice",
    "alice with one more part": "CN=alice, O=Example, C=GB",
    "alice, reordered": "/CN=alice/O=Example",
    "alice in capitals": "CN=Alice, O=Example",
    "alice's name in an OU": r"CN=mallory, OU=CN\=alice, O=Example",
    "alice's subject in an OU": r"CN=mallory, OU=CN\=alice\,O\=Example",
    "any letter for the dot": "CN=apixexample, O=Example",
    "no comma": "CN=Doe Jane, O=Example",
    "two parts for the comma": "CN=Doe, OU=Jane, O=Example",
}


def spec(partner: str) -> dict[str, Any]:
    """The whole spec; `partner` is the path of an external authority."""
    return {
        "namespace": NAMESPACE,
        "cas": {
            "servers": {},
            "clients": CLIENTS,
            "partner": {"certificate": partner},
            "chain-root": {},
            "chain-middle": {"issuer": "chain-root"},
            "chain-issuing": {"issuer": "chain-middle"},
            "short-root": {},
            "short-issuing": {"issuer": "short-root"},
        },
        "clients": {
            "alice": ALICE,
            "api.example": {"issuer": "clients", "subject": "CN=api.example, O=Example"},
            "doe": {"issuer": "clients", "subject": r"CN=Doe\, Jane, O=Example"},
            "deep": {"issuer": "chain-issuing", "subject": "CN=deep, O=Example"},
            "brief": {"issuer": "short-issuing", "subject": "CN=brief, O=Example"},
            **{_name(title): {"issuer": "clients", "subject": each} for title, each in NEAR_MISSES.items()},
        },
        "services": {"app": {"image": "httpd", "port": 80}},
        "defaults": {"hosts": {"tls": {"issuer": "servers"}}},
        "hosts": {host_name(name): _host(auth) for name, auth in _HOSTS.items()},
    }


def near_miss(title: str) -> str:
    """The client of the spec with that subject."""
    return _name(title)


def _name(title: str) -> str:
    return "near-" + "-".join(title.replace(",", "").replace("'", "").lower().split())


def _host(auth: Any) -> dict[str, Any]:
    if auth is False:
        return {"service": "app", "clientAuth": False}
    whole = {"cas": ["clients"], **auth}
    return {"service": "app", "clientAuth": {key: value for key, value in whole.items() if value is not None}}
