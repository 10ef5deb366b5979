"""A protected host below an open wildcard, before Envoy Gateway."""

from __future__ import annotations

from ..enforcement.identities import of_client
from ..envoy_gateway.deployment import TARGET, new_deployment
from ..envoy_gateway.scene import REFUSED, SERVED
from ..program import Project
from ..registry import case
from ..world import World


@case("Envoy Gateway, a protected host below an open wildcard", ["envoy-gateway"])
def below_an_open_wildcard(world: World) -> None:
    """Whoever names the wildcard in the handshake is served by its routes, whatever the request names: where these lead to the
    Service of the protected host, mtlsgen refuses the spec."""
    namespace = world.cluster.new_namespace("envoy-names")
    inner, outer = f"one.{namespace}.test", f"other.{namespace}.test"
    host = {"service": "inner", "tls": {"issuer": "servers"}, "clientAuth": {"cas": ["staff"]}}
    spec = {
        "cas": {"servers": {}, "staff": {}},
        "clients": {"alice": {"issuer": "staff"}},
        "services": {name: {"image": "httpd", "port": 80} for name in ("inner", "outer")},
        "hosts": {inner: host, f"*.{namespace}.test": {"service": "outer", "tls": {"issuer": "servers"}}},
    }
    deployment = new_deployment(world, world.scratch / "project", spec, namespace)
    deployment.render()
    alice = of_client(deployment.project, "alice")
    deployment.becomes(SERVED, inner, alice)
    deployment.becomes(SERVED, outer)
    deployment.expect(REFUSED, inner)
    # By the Service of the wildcard alone.
    deployment.expect(SERVED, outer, headers={"Host": inner})

    spec["hosts"][f"*.{namespace}.test"] = {**host, "clientAuth": False}
    shared = Project.with_spec(world.program, world.scratch / "shared", {"target": TARGET, "namespace": namespace, **spec})
    refused = world.program.run("render", folder=shared.folder, status=2).stderr
    assert "error[host-unprotected]" in refused and "in its TLS handshake" in refused, refused
