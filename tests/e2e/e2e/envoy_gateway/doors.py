"""Gateways that people take for closed, and what else decides who gets in: objects beside the scene's."""

from __future__ import annotations

from typing import Any

from ..program import Object
from . import resources

#: The Gateway with a policy for each listener, and the one with a policy for all of it.
DOORS, WHOLE = "doors", "whole"
#: One whose listener has no certificate.
CLOSED = "closed"
#: Below the protected wildcard listener; its route names no listener.
BELOW = "below.doors.test"
#: Nobody's name: the listener without a hostname takes it.
ELSE = "else.test"
_MISSING = {"group": "", "kind": "Secret", "name": "missing"}


def host_name(listener: str) -> str:
    """The name that a listener serves."""
    return f"{listener}.doors.test"


def older(namespace: str, server: str, trust: Object, service: str) -> list[Object]:
    """Everything but what has to be younger. `server` is the Secret of a server's certificate."""
    good = {"caCertificateRefs": [trust]}

    def policy(name: str, gateway: str, section: str | None, validation: Object, **more: Any) -> Object:
        return resources.client_traffic_policy(namespace, name, gateway, section, validation, **more)

    bare = policy("bare", WHOLE, "bare", good)
    bare["spec"]["tls"] = {"minVersion": "1.2"}
    policies = {
        "plain": policy("plain", DOORS, "plain", good),
        "wild": policy("wild", DOORS, "wild", good),
        "missing": policy("missing", DOORS, "missing", {"caCertificateRefs": [trust, _MISSING]}),
        "misnamed": policy("misnamed", "door", "misnamed", good),
        "any": policy("any", DOORS, "any", {"mode": "RequireAny"}),
        "two": policy("two-z", DOORS, "two", good),
        "forward": policy("forward", DOORS, "forward", good, headers=_forwarding("ForwardOnly")),
        "set": policy("set", DOORS, "set", good, headers=_forwarding("SanitizeSet")),
    }
    listeners = {each: host_name(each) for each in policies} | {"wild": host_name("*"), "nameless": None}
    doors = [resources.http(), *(resources.https(each, host, server) for each, host in listeners.items())]
    whole = [resources.https(each, host_name(each), server) for each in ("bare", "rest")]

    def route(name: str, gateway: str, host: str, section: str | None) -> Object:
        return resources.http_route(namespace, name, gateway, [host], service, section)

    return [
        resources.gateway(namespace, DOORS, namespace, doors),
        resources.gateway(namespace, WHOLE, namespace, whole),
        resources.gateway(namespace, CLOSED, namespace, [resources.https("closed", host_name("closed"), "missing")]),
        *policies.values(),
        policy("whole", WHOLE, None, good),
        bare,
        *(route(each, DOORS, host_name(each), each) for each in policies if each not in ("plain", "wild")),
        route("plain", DOORS, host_name("plain"), None),
        *(route(each, WHOLE, host_name(each), each) for each in ("bare", "rest")),
        route("below", DOORS, BELOW, None),
    ]


def younger(namespace: str) -> list[Object]:
    """A second policy of a listener, whose name comes first."""
    return [resources.client_traffic_policy(namespace, "two-a", DOORS, "two", {"caCertificateRefs": [_MISSING]})]


def _forwarding(mode: str) -> Object:
    return {"xForwardedClientCert": {"mode": mode}}
