"""Secrets in the forms in which people write them, and how Ingresses refer to them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from .material import Material
from .setup import Setup

_NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n"


class Secrets:
    """Adds Secrets to a set-up; what each method gives is the text of `auth-tls-secret`."""

    def __init__(self, setup: Setup, material: Material) -> None:
        self._setup = setup
        self._material = material
        self._forms: dict[str, Callable[[], str]] = {
            "of its own": lambda: self.of("high"),
            "without namespace": lambda: self.of("high").partition("/")[2],
            "with a slash alone": lambda: "/" + self.of("high").partition("/")[2],
            "in three parts": lambda: self.of("high") + "/ca.crt",
            "missing": lambda: f"{self._setup.namespaces[0]}/missing",
            "of another namespace": lambda: self.of("high", namespace=self._setup.namespaces[1]),
            "blank": lambda: " ",
            "empty": lambda: "",
            "with server's pair": lambda: self._new(self._ca() | self._material.pair()),
            "of type TLS": lambda: self._new(self._ca() | self._material.pair(), kind="kubernetes.io/tls"),
            "of type TLS, empty": lambda: self._new(
                self._ca() | {"tls.crt": "", "tls.key": ""}, kind="kubernetes.io/tls"
            ),
            "with a certificate": lambda: self._new(self._ca() | {"tls.crt": self._material.pair()["tls.crt"]}),
            "without ca.crt": lambda: self._new(self._material.pair()),
            "without anything": lambda: self._new({}),
            "with an empty ca.crt": lambda: self._new({"ca.crt": ""}),
            "with another key's name": lambda: self._new({"ca.pem": self._material.bundle("high")}),
            "with words": lambda: self._new({"ca.crt": "nothing"}),
            "with no certificate in PEM": lambda: self._new({"ca.crt": _NO_CERTIFICATE}),
            "with a private key": lambda: self._new({"ca.crt": self._material.pair()["tls.key"]}),
            "with words behind": lambda: self._new({"ca.crt": self._material.bundle("high") + "nothing\n"}),
            "with a leaf": lambda: self.of("leaf"),
            "with a leaf beside": lambda: self.of("leaf and root"),
            "with all": lambda: self.of("all"),
            "with the middle": lambda: self.of("middle"),
            "with words for a list": lambda: self._new(self._ca() | {"ca.crl": "nothing"}),
            "with a list alone": lambda: self._new({"ca.crl": self._material.lists("complete")}),
        }

    @property
    def forms(self) -> list[str]:
        """What `form` knows."""
        return list(self._forms)

    def form(self, name: str) -> str:
        """A Secret of this form."""
        return self._forms[name]()

    def of(self, bundle: str, lists: str | None = None, namespace: str | None = None) -> str:
        """A Secret with a bundle, and perhaps lists."""
        data = {"ca.crt": self._material.bundle(bundle)}
        return self._new(data | ({"ca.crl": self._material.lists(lists)} if lists else {}), namespace)

    def add(self, name: str, data: Mapping[str, str], namespace: str, kind: str = "Opaque") -> None:
        """A Secret of this name."""
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        self._setup.secrets.append({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace},
            "type": kind,
            "data": encoded,
        })  # fmt: skip

    def _ca(self) -> dict[str, str]:
        return {"ca.crt": self._material.bundle("high")}

    def _new(self, data: Mapping[str, str], namespace: str | None = None, kind: str = "Opaque") -> str:
        namespace = namespace or self._setup.namespaces[0]
        name = f"trust-{len(self._setup.secrets)}"
        self.add(name, data, namespace, kind)
        return f"{namespace}/{name}"
