"""What a set-up of Gateways is put together with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....envoy_gateway import resources
from ..maker import Maker
from ..setup import Object

#: The class of most Gateways, and one of another controller.
CLASS, OTHER_CLASS = "truth", "truth-of-others"
#: Name of the Secret with the listeners' certificate, in every namespace.
PAIR = "pair"
GATEWAY = "web"

_API = "gateway.networking.k8s.io"
_OWN = "gateway.envoyproxy.io"
#: Who asks for grants: group by kind.
_GROUPS = {"Gateway": _API, "ListenerSet": _API, "HTTPRoute": _API, "ClientTrafficPolicy": _OWN}


class Gate:
    """Adds to a set-up; without a namespace, to its first one."""

    def __init__(self, maker: Maker) -> None:
        self.choices = maker.choices
        self.setup = maker.setup
        self.material = maker.material
        self.name = maker.name
        self.ask = maker.ask
        self.own, self.other = maker.setup.namespaces
        self._maker = maker
        for namespace in maker.setup.namespaces:
            maker.secrets.add(PAIR, self.material.pair(), namespace, "kubernetes.io/tls")

    def gateway(self, *listeners: Object, name: str = GATEWAY, class_name: str = CLASS, **more: Any) -> Object:
        """A Gateway; `more` is of its `spec`."""
        made = resources.gateway(self.own, name, class_name, listeners)
        made["spec"] |= more
        return self._add(made, True)

    def https(self, label: str, host: str | None, **more: Any) -> Object:
        """A listener that ends TLS."""
        return resources.https(label, host, more.pop("secret", PAIR), **more)

    def http(self, label: str = "http", **more: Any) -> Object:
        """A listener for plain HTTP."""
        return resources.http(label, **more)

    def listener_set(self, name: str, *listeners: Object, namespace: str | None = None, older: bool = False) -> Object:
        """Further listeners of the Gateway."""
        parent = {"name": GATEWAY, "namespace": self.own}
        spec = {"parentRef": parent, "listeners": list(listeners)}
        return self._add(self._object(f"{_API}/v1", "ListenerSet", name, namespace, spec), older)

    def route(
        self,
        *hosts: str,
        section: str | None = None,
        to: Mapping[str, Any] | None = None,
        parents: Sequence[Mapping[str, Any]] | None = None,
        rules: Sequence[Object] | None = None,
        namespace: str | None = None,
        older: bool = False,
        asks: bool = True,
    ) -> Object:
        """An HTTPRoute to a Service of its own, and its hosts are asked for; `to`: what it attaches to, instead of the
        Gateway."""
        parent = {"name": GATEWAY, **(to or {})}
        if section:
            parent["sectionName"] = section
        if namespace not in (None, self.own):
            parent.setdefault("namespace", self.own)
        if rules is None:
            rules = [{"backendRefs": [self.backend(namespace)]}]
        spec: dict[str, Any] = {"parentRefs": list(parents or [parent]), "rules": list(rules)}
        if hosts:
            spec["hostnames"] = list(hosts)
        if asks:
            self.ask(*(host for host in hosts if "*" not in host))
        return self._add(self._object(f"{_API}/v1", "HTTPRoute", self._new("r"), namespace, spec), older)

    def backend(self, namespace: str | None = None) -> Object:
        """A new Service, as a route refers to it."""
        service = self._maker.service(namespace or self.own)["service"]
        return {"name": service["name"], "port": service["port"]["number"]}

    def policy(
        self,
        validation: Mapping[str, Any] | None,
        *sections: str,
        to: Mapping[str, Any] | None = None,
        targets: Mapping[str, Any] | None = None,
        name: str | None = None,
        namespace: str | None = None,
        older: bool = False,
        **more: Any,
    ) -> Object:
        """A ClientTrafficPolicy of these sections of the Gateway, or of all of it; `targets`: other fields that say what
        it is about."""
        target = {"group": _API, "kind": "Gateway", "name": GATEWAY, **(to or {})}
        names = [{"sectionName": section} for section in sections] or [{}]
        tls = {"minVersion": "1.2"} if validation is None else {"clientValidation": validation}
        spec = {**(targets or {"targetRefs": [{**target, **each} for each in names]}), "tls": tls, **more}
        name = name or self._new("p")
        return self._add(self._object(f"{_OWN}/v1alpha1", "ClientTrafficPolicy", name, namespace, spec), older)

    def grant(self, kind: str, to: str = "Secret", name: str | None = None) -> None:
        """Leave for objects of the first namespace to refer to those of the second one."""
        froms = [{"group": _GROUPS[kind], "kind": kind, "namespace": self.own}]
        tos = [{"group": "", "kind": to, **({"name": name} if name else {})}]
        spec = {"from": froms, "to": tos}
        self._add(self._object(f"{_API}/v1beta1", "ReferenceGrant", self._new("g"), self.other, spec), True)

    def secret(self, data: Mapping[str, str], namespace: str | None = None) -> Object:
        """A new Secret, as others refer to it."""
        name = self._new("s")
        self._maker.secrets.add(name, data, namespace or self.own)
        return self.reference("Secret", name, namespace)

    def config_map(self, data: Mapping[str, str], namespace: str | None = None) -> Object:
        """A new ConfigMap, as others refer to it."""
        name = self._new("m")
        metadata = {"name": name, "namespace": namespace or self.own}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
        self.setup.secrets.append(made)
        return self.reference("ConfigMap", name, namespace)

    def reference(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """A reference to a core object."""
        return {"group": "", "kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}

    def authority(self, bundle: str = "high") -> Object:
        """A new Secret with a bundle."""
        return self.secret({"ca.crt": self.material.bundle(bundle)})

    def trust(self, bundle: str = "high", **more: Any) -> dict[str, Any]:
        """What a policy asks of clients: a certificate of an authority of this bundle."""
        return {"caCertificateRefs": [self.authority(bundle)], **more}

    def protected(self, label: str, validation: Mapping[str, Any] | None, **more: Any) -> Object:
        """A listener with a route and a policy of its own."""
        host = self.name(label)
        self.route(host, section=label)
        self.policy(validation, label, **more)
        return self.https(label, host)

    def protocols(self, *listeners: Object) -> list[Object]:
        """These listeners, and one of plain HTTP now and then."""
        return [*([self.http()] if self.choices.chance(0.3) else []), *listeners]

    def _new(self, letter: str) -> str:
        return f"{letter}{len(self.setup.older) + len(self.setup.younger) + len(self.setup.secrets)}"

    def _object(self, version: str, kind: str, name: str, namespace: str | None, spec: Mapping[str, Any]) -> Object:
        metadata = {"name": name, "namespace": namespace or self.own}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": dict(spec)}

    def _add(self, made: Object, older: bool) -> Object:
        (self.setup.older if older else self.setup.younger).append(made)
        return made
