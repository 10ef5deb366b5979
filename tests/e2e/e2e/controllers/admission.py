"""ingress-nginx's admission webhook, as the API server asks it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..cluster import Cluster, as_list
from ..processes import wait_until
from ..program import Object

#: What the API server says when a webhook refuses.
DENIED = "denied the request"


@dataclass(frozen=True)
class Webhook:
    """Where a controller judges Ingresses, and what it proves itself with."""

    name: str
    #: Class of the Ingresses that it judges.
    ingress_class: str
    port: int
    certificate: Path
    key: Path
    #: Label of the namespaces whose Ingresses are judged; empty: all.
    selector: Mapping[str, str]

    @classmethod
    def new(cls, folder: Path, name: str, ingress_class: str, port: int, selector: Mapping[str, str]) -> Webhook:
        """Makes the certificate in a folder."""
        webhook = cls(name, ingress_class, port, folder / "webhook.pem", folder / "webhook.key", selector)
        command = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-config", "/dev/null", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-out", webhook.certificate, "-keyout", webhook.key,
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        return webhook


@contextmanager
def registered(cluster: Cluster, webhook: Webhook, namespace: str) -> Iterator[None]:
    """Has the API server ask the webhook about every Ingress; not any more when this ends. The namespace is one
    that it judges."""
    cluster.apply(as_list([_configuration(webhook)]))
    wait_until(lambda: _refuses(cluster, webhook, namespace), 20, f"the webhook of {webhook.name}")
    try:
        yield
    finally:
        cluster.kubectl("delete", "validatingwebhookconfiguration", webhook.name, "--wait=false", check=False)


def _configuration(webhook: Webhook) -> Object:
    judged = {
        "apiGroups": ["networking.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["ingresses"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": webhook.name},
        "webhooks": [
            {
                "name": f"{webhook.name}.e2e.mtlsgen.dev",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {
                    "url": f"https://127.0.0.1:{webhook.port}/networking/v1/ingresses",
                    "caBundle": base64.b64encode(webhook.certificate.read_bytes()).decode(),
                },
                "rules": [judged],
                "namespaceSelector": {"matchLabels": dict(webhook.selector)},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "timeoutSeconds": 30,
            }
        ],
    }


def _refuses(cluster: Cluster, webhook: Webhook, namespace: str) -> bool:
    """Whether a path that no Ingress may have is refused, and by the webhook."""
    backend = {"service": {"name": "none", "port": {"number": 80}}}
    path = {"path": "/etc/passwd", "pathType": "ImplementationSpecific", "backend": backend}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "refused", "namespace": namespace},
        "spec": {"ingressClassName": webhook.ingress_class, "rules": [{"host": "a.test", "http": {"paths": [path]}}]},
    }
    said = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(ingress), check=False)
    return DENIED in said.stderr
