"""What kubectl makes by hand.

The objects of the walk-throughs that the examples replace, made by the commands that people type, against
what mtlsgen's manifests become in the same API server.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ..compare import everything_different, server_filled
from ..program import Object, Project
from ..registry import case
from ..world import World

_NGINX = "nginx.ingress.kubernetes.io"


@case("an application behind HTTP, TLS and mutual TLS")
def the_demo_application(world: World) -> None:
    """`kubectl create deployment`, `expose`, `create ingress`, `create secret` and `annotate`."""
    by_hand = ByHand(world)
    by_hand.types("create deployment demo-app --image=httpd --port=80")
    by_hand.types("expose deployment demo-app")
    by_hand.types("create ingress test-localhost --class=nginx --rule=test.localdev.me/*=demo-app:80")
    http = _applied(world, world.example("demo-app-1-http"))
    by_hand.equals(http, "deployment/demo-app", "service/demo-app", "ingress/test-localhost")

    over_tls = world.example("demo-app-2-tls")
    tls = _applied(world, over_tls)
    by_hand.types("delete ingress test-localhost")
    by_hand.types("create ingress test-localhost --class=nginx --rule=test.localdev.me/*=demo-app:80,tls=self-tls")
    by_hand.types(_create_server_secret("self-tls", over_tls, "test.localdev.me"))
    by_hand.equals(tls, "deployment/demo-app", "service/demo-app", "ingress/test-localhost", "secret/self-tls")

    over_mutual_tls = world.example("demo-app-3-mtls")
    mutual_tls = _applied(world, over_mutual_tls)
    by_hand.types("delete secret self-tls")
    by_hand.types(_create_server_secret("self-tls", over_mutual_tls, "test.localdev.me"))
    by_hand.types(_create_bundle("ca-secret", over_mutual_tls, "my-cert-authority"))
    by_hand.annotates("test-localhost", f"{by_hand.namespace}/ca-secret")
    by_hand.equals(mutual_tls, "ingress/test-localhost", "secret/self-tls", "secret/ca-secret")


@case("a chain of authorities")
def a_chain_of_authorities(world: World) -> None:
    """The bundle in a Secret of its own, from the store's files."""
    by_hand = ByHand(world)
    project = world.example("intermediate-authority")
    ours = _applied(world, project)
    bundle = world.scratch / "bundle.crt"
    chain = [project.certificate(f"cas/{name}").read_text() for name in ("clients", "root")]
    bundle.write_text("".join(chain))
    by_hand.types("create secret generic tls-authentication", f"--from-file=ca.crt={bundle}")
    by_hand.types(_create_server_secret("web-example-com-tls", project, "web.example.com"))
    rule = "--rule=web.example.com/*=web:80,tls=web-example-com-tls"
    by_hand.types("create ingress web-example-com --class=nginx", rule)
    by_hand.annotates("web-example-com", f"{by_hand.namespace}/tls-authentication")
    by_hand.equals(ours, "secret/tls-authentication", "secret/web-example-com-tls", "ingress/web-example-com")


@case("two authorities on one host")
def two_authorities(world: World) -> None:
    """Two replicas, and a Service whose port has a name and another target."""
    by_hand = ByHand(world)
    project = world.example("two-authorities")
    ours = _applied(world, project)
    image = "registry.k8s.io/e2e-test-images/echoserver:2.3"
    by_hand.types(f"create deployment http-svc --image={image} --port=8080 --replicas=2")
    by_hand.types("expose deployment http-svc --port=80 --target-port=8080 --protocol=TCP")
    # `kubectl expose` names no port.
    name = '[{"op": "add", "path": "/spec/ports/0/name", "value": "http"}]'
    by_hand.types("patch service http-svc --type=json -p", name)
    by_hand.types(_create_server_secret("server-tls", project, "app.192-0-2-10.sslip.io"))
    by_hand.types(_create_bundle("internal-ca", project, "internal"))
    host = "app.192-0-2-10.sslip.io"
    rule = f"--rule={host}/*=http-svc:80,tls=server-tls"
    by_hand.types("create ingress app-192-0-2-10-sslip-io --class=nginx", rule)
    by_hand.annotates("app-192-0-2-10-sslip-io", f"{by_hand.namespace}/internal-ca")
    kinds = ("deployment/http-svc", "service/http-svc", "secret/server-tls", "secret/internal-ca")
    by_hand.equals(ours, *kinds, "ingress/app-192-0-2-10-sslip-io")


class ByHand:
    """A user with kubectl, in a namespace of their own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.namespace = world.new_namespace("by-hand")

    def types(self, command: str | Sequence[str], *more: str) -> None:
        """One kubectl command; arguments with blanks are separate."""
        words = command.split() if isinstance(command, str) else command
        self._world.cluster.kubectl(*words, *more, namespace=self.namespace)

    def annotates(self, ingress: str, secret: str) -> None:
        """Protects an Ingress, with the one annotation beyond the walk-throughs: port 80 authenticates no client."""
        annotations = {
            "auth-tls-pass-certificate-to-upstream": "true",
            "auth-tls-secret": secret,
            "auth-tls-verify-client": "on",
            "auth-tls-verify-depth": "1",
            "force-ssl-redirect": "true",
        }
        self.types(["annotate", "ingress", ingress, *(f"{_NGINX}/{key}={value}" for key, value in annotations.items())])

    def equals(self, namespace: str, *names: str) -> None:
        """Asserts that these objects are the same in both namespaces, defaults of the server included."""
        for name in names:
            kind, _, object_name = name.partition("/")
            hand = _comparable(self._world.cluster.get(kind, object_name, self.namespace))
            ours = _comparable(self._world.cluster.get(kind, object_name, namespace))
            wrong = everything_different(hand, ours)
            assert not wrong, f"{name} by hand, and ours:\n" + "\n".join(wrong)


def _applied(world: World, project: Project) -> str:
    """Applies an example in a namespace of its own, and returns that."""
    namespace = world.new_namespace("rendered")
    world.cluster.kubectl("apply", "-f", "-", stdin=project.render("--set", f"namespace={namespace}"))
    return namespace


def _create_server_secret(name: str, project: Project, host: str) -> list[str]:
    certificate, key = project.certificate(f"hosts/{host}"), project.key(f"hosts/{host}")
    return ["create", "secret", "tls", name, f"--cert={certificate}", f"--key={key}"]


def _create_bundle(name: str, project: Project, authority: str) -> list[str]:
    return ["create", "secret", "generic", name, f"--from-file=ca.crt={project.certificate(f'cas/{authority}')}"]


def _comparable(object: Object) -> Object:
    """Without what differs from one namespace to the next."""
    bare = copy.deepcopy(server_filled(object))
    namespace = bare["metadata"].pop("namespace")
    annotations = bare["metadata"].get("annotations", {})
    secret = f"{_NGINX}/auth-tls-secret"
    if secret in annotations:
        annotations[secret] = annotations[secret].replace(f"{namespace}/", "NAMESPACE/")
    for key in ("clusterIP", "clusterIPs"):
        bare.get("spec", {}).pop(key, None)
    return bare
