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
    #: Labels of the namespaces whose Ingresses are judged, and of the Ingresses; empty: all.
    namespaces: Mapping[str, str]
    labels: Mapping[str, str]

    def make_certificate(self) -> None:
        """Makes the certificate and its key."""
        command: list[str | Path] = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-config", "/dev/null", "-subj", f"/CN={self.name}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-out", self.certificate, "-keyout", self.key,
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def registered(cluster: Cluster, webhook: Webhook, namespace: str) -> Iterator[None]:
    """Has the API server ask the webhook about every Ingress; not any more when this ends. The namespace is one
    that it judges."""
    cluster.apply(as_list([_configuration(webhook)]))
    wait_until(lambda: _refuses(cluster, webhook, namespace), 60, f"the webhook of {webhook.name}")
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
                "namespaceSelector": {"matchLabels": webhook.namespaces},
                "objectSelector": {"matchLabels": webhook.labels},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "timeoutSeconds": 30,
            }
        ],
    }


def _refuses(cluster: Cluster, webhook: Webhook, namespace: str) -> bool:
    """Whether a path that no Ingress may have is refused, and by this webhook: others may refuse it too."""
    backend = {"service": {"name": "none", "port": {"number": 80}}}
    path = {"path": "/etc/passwd", "pathType": "ImplementationSpecific", "backend": backend}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "refused", "namespace": namespace, "labels": webhook.labels},
        "spec": {"ingressClassName": webhook.ingress_class, "rules": [{"host": "a.test", "http": {"paths": [path]}}]},
    }
    said = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(ingress), check=False)
    return f'"{webhook.name}.e2e.mtlsgen.dev" {DENIED}' in said.stderr
