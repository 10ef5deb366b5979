"""Walk-throughs, rendered for Envoy Gateway.

As their readers type them, but for the target. Whoever may not enter is refused in the handshake, whatever the reason.
"""

from __future__ import annotations

import re

from ..enforcement.answers import Answered, NoHandshake, Served
from ..envoy_gateway.walkthrough import EnvoyWalkthrough
from ..parts import ROOT
from ..program import Project
from ..registry import case
from ..world import World

_COUNTERPARTS = ["envoy-gateway"]
_DEMO = "https://test.localdev.me/"
_TO_HTTPS = Answered(301)


def _as(client: str) -> str:
    """curl's words for a client of the store."""
    return f"--cert pki/clients/{client}/tls.crt --key pki/clients/{client}/tls.key"


@case("README's first page, for Envoy Gateway", _COUNTERPARTS)
def readme(world: World) -> None:
    """Its spec, and its client."""
    spec = re.search(r"```toml[^\n]*\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert spec, "README does not begin with a spec any more"
    folder = world.scratch / "readme"
    folder.mkdir()
    (folder / "mtls.toml").write_text(spec[1])
    reader = EnvoyWalkthrough(world, Project(world.program, folder), "default")
    reader.applies()
    url = "https://demo.example.com/"
    reader.sees(f"curl -k {_as('alice')} {url}", Served())
    reader.sees(f"curl -k {url}", NoHandshake())
    reader.sees("curl http://demo.example.com/", _TO_HTTPS)
    reader.applies_again()


@case("demo-app-1-http, for Envoy Gateway", _COUNTERPARTS)
def demo_over_http(world: World) -> None:
    """Plain HTTP, nothing issued."""
    reader = EnvoyWalkthrough(world, world.example("demo-app-1-http"), "default")
    reader.applies()
    reader.sees("curl http://test.localdev.me/", Served())
    reader.applies_again()


@case("demo-app-2-tls, for Envoy Gateway", _COUNTERPARTS)
def demo_over_tls(world: World) -> None:
    """A self-signed server certificate, which curl accepts once it trusts it."""
    reader = EnvoyWalkthrough(world, world.example("demo-app-2-tls"), "default")
    reader.applies()
    reader.sees(f"curl --cacert pki/hosts/test.localdev.me/tls.crt {_DEMO}", Served())
    reader.sees("curl http://test.localdev.me/", _TO_HTTPS)
    reader.applies_again()


@case("demo-app-3-mtls, for Envoy Gateway", _COUNTERPARTS)
def demo_over_mutual_tls(world: World) -> None:
    """Only with a certificate of our own authority, and never by plain HTTP."""
    reader = EnvoyWalkthrough(world, world.example("demo-app-3-mtls"), "default")
    reader.applies()
    trust = "--cacert pki/hosts/test.localdev.me/tls.crt"
    reader.sees(f"curl {trust} {_as('my-client')} {_DEMO}", Served())
    reader.sees(f"curl -k {_DEMO}", NoHandshake())
    reader.sees("curl http://test.localdev.me/", _TO_HTTPS)
    reader.applies_again()


@case("intermediate-authority, for Envoy Gateway", _COUNTERPARTS)
def intermediate_authority(world: World) -> None:
    """The intermediate is the anchor."""
    reader = EnvoyWalkthrough(world, world.example("intermediate-authority"), "my-namespace")
    reader.applies()
    trust = "--cacert pki/hosts/web.example.com/tls.crt"
    reader.sees(f"curl {trust} {_as('alice')} https://web.example.com/", Served())
    reader.sees("curl -k https://web.example.com/", NoHandshake())
    reader.applies_again()


@case("two-authorities, for Envoy Gateway", _COUNTERPARTS)
def two_authorities(world: World) -> None:
    """The server proves itself by one authority, the client by the other."""
    reader = EnvoyWalkthrough(world, world.example("two-authorities"), "default")
    reader.applies()
    url = "https://app.192-0-2-10.sslip.io/"
    reader.sees(f"curl --cacert pki/cas/public/tls.crt {_as('internal-client')} {url}", Served())
    reader.sees(f"curl --cacert pki/cas/public/tls.crt {url}", NoHandshake())
    reader.applies_again()


@case("kustomize, for Envoy Gateway", _COUNTERPARTS)
def kustomize(world: World) -> None:
    """Its spec without Kustomize."""
    project = world.example("kustomize")
    (project.folder / "kustomization.yaml").unlink()
    reader = EnvoyWalkthrough(world, project, "default")
    reader.applies()
    reader.sees(f"curl -k {_as('alice')} https://shop.example.com/", Served())
    reader.sees("curl -k https://shop.example.com/", NoHandshake())
    reader.applies_again()


@case("protected-among-public, for Envoy Gateway", _COUNTERPARTS)
def protected_among_public(world: World) -> None:
    """A list of clients is one of hashes here; a refused client sees an alert, and no page."""
    project = world.example("protected-among-public")
    reader = EnvoyWalkthrough(world, project, "shop")
    reader.has("shop", "orders")
    reader.has("reporting")
    reader.applies()
    admin, orders = "https://admin.shop.example.com/", "https://orders.shop.example.com/reports"
    reader.sees("curl -k https://www.shop.example.com/", Served())
    reader.sees(f"curl -k {_as('authorized-client')} {admin}", Served())
    reader.sees(f"curl -k {admin}", NoHandshake())
    reader.sees(f"curl -k {orders}", Served())
    reader.sees(f"curl -k {_as('reporting-job')} {orders}", Served())
    reader.applies_again()


@case("cert-manager, for Envoy Gateway", _COUNTERPARTS)
def cert_manager(world: World) -> None:
    """The annotation of cert-manager is refused; a Secret that cert-manager fills is named instead."""
    project = world.example("cert-manager")
    refused = world.program.run("render", "--set", 'target="envoy-gateway"', folder=project.folder, status=2).stderr
    assert "error[unsupported]" in refused and "certManager" in refused, refused
