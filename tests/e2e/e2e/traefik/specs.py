"""What mtlsgen renders for the set-ups: two specs, because it sees within one what meets inside a controller."""

from __future__ import annotations

from typing import Any

#: Namespaces of the first hosts, of the same host once more, and of a host whose names meet those of the first.
NAMESPACE = "versions"
OTHER_NAMESPACE = "versions-other"
MEETING_NAMESPACE = "versions-x"
NAMESPACES = (NAMESPACE, OTHER_NAMESPACE, MEETING_NAMESPACE)

#: A class of the set-ups' own: nothing else in the run reads them.
INGRESS_CLASS = "versions"

#: Where the second Ingress of a host serves.
SECOND_PATH = "/second"
#: Makes the rule of a wildcard host longer than that of a host below it.
LONG_PATH = "/second/and/longer-than-the-host"

_AUTH = {"cas": ["clients"]}

#: Hosts with one protected Ingress to begin with; by the first word of their name.
PLAIN = ("one", "equal", "solver", "bare", "younger-ca", "older-ca", "older-off", "route")


def host_name(name: str) -> str:
    """The whole name of a host."""
    return f"{name}.versions.test"


def ingress_name(name: str) -> str:
    """The name that mtlsgen gives its Ingress."""
    return host_name(name).replace(".", "-")


def first_spec() -> dict[str, Any]:
    """The hosts that a set-up is about; their client is alice."""
    return {
        **_spec("alice"),
        "services": {
            **_services("app", "x-web", "api-x"),
            "app-other": {"name": "app", "namespace": OTHER_NAMESPACE, "image": "httpd", "port": 80},
        },
        "hosts": {
            **{host_name(name): {"service": "app"} for name in PLAIN},
            "spread": {"host": host_name("spread"), "service": "app"},
            "spread-other": {
                "host": host_name("spread"),
                "namespace": OTHER_NAMESPACE,
                "routes": [{"path": SECOND_PATH, "service": "app-other"}],
            },
            host_name("x.meet"): {"service": "app"},
            host_name("shop"): {"ingressName": "shop", "service": "x-web"},
            host_name("ports"): {"service": "api-x"},
            host_name("dotted"): {"service": "app", "clientAuth": {"secretName": "ca.one"}},
            host_name("dots"): {"ingressName": "a.b", "service": "app"},
            host_name("shop.wild"): {"service": "app"},
            host_name("w.wild"): {"service": "app"},
        },
    }


def second_spec() -> dict[str, Any]:
    """What they meet; its client is bob. All of it is younger."""
    return {
        **_spec("bob"),
        "services": {
            **_services("web", "other"),
            "app": {"namespace": MEETING_NAMESPACE, "image": "httpd", "port": 80},
        },
        "hosts": {
            host_name("others"): {"service": "other"},
            host_name("meet"): {"namespace": MEETING_NAMESPACE, "service": "app"},
            host_name("open-shop"): {"ingressName": "shop-x", "service": "web", "clientAuth": False},
            host_name("dashed"): {"service": "other", "clientAuth": {"secretName": "ca-one"}},
            host_name("dashes"): {"ingressName": "a-b", "service": "other"},
            host_name("*.wild"): {
                "clientAuth": False,
                "routes": [{"path": path, "service": "other"} for path in ("/", LONG_PATH)],
            },
        },
    }


def _spec(client: str) -> dict[str, Any]:
    return {
        "namespace": NAMESPACE,
        "ingressClassName": INGRESS_CLASS,
        "cas": {"servers": {}, "clients": {}},
        "clients": {client: {"issuer": "clients", "subject": f"CN={client}"}},
        "defaults": {"hosts": {"tls": {"issuer": "servers"}, "clientAuth": _AUTH}},
    }


def _services(*names: str) -> dict[str, Any]:
    return {name: {"image": "httpd", "port": 80} for name in names}
