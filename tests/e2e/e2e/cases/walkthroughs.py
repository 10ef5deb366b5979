"""Walk-throughs, as their readers type them.

Answers of Traefik differ where nginx finishes the handshake and answers by HTTP, and where Traefik does not
read an annotation: `auth-tls-match-cn`, `auth-tls-error-page`.
"""

from __future__ import annotations

import re

from ..enforcement.answers import COUNTERPARTS, NOTHING_SENT, Answered, Served, differing
from ..parts import ROOT
from ..program import Project
from ..registry import case
from ..walkthrough import APPLY, Walkthrough
from ..world import World

_DEMO = "https://test.localdev.me/"


def _as(client: str) -> str:
    """curl's words for a client of the store."""
    return f"--cert pki/clients/{client}/tls.crt --key pki/clients/{client}/tls.key"


@case("README's first page", COUNTERPARTS)
def readme(world: World) -> None:
    """Its spec, its commands, its answers, word by word."""
    text = (ROOT / "README.md").read_text()
    spec = re.search(r"```toml[^\n]*\n(.*?)```", text, re.DOTALL)
    console = re.search(r"```console\n\$ (.*?)\n(.*?)```", text, re.DOTALL)
    answers = re.search(
        r"Without a certificate, `(https:[^`]+)` now answers 400 `([^`]+)`; with\s+`(--cert [^`]+)`, curl is served", text
    )
    assert spec and console and answers, "README does not say any more what this case types"
    folder = world.scratch / "readme"
    folder.mkdir()
    (folder / "mtls.toml").write_text(spec[1])
    reader = Walkthrough(world, Project(world.program, folder))
    reader.has("default")
    assert console[1] == APPLY, f"README begins with {console[1]}"
    typed = reader.applies()
    assert typed.stderr == console[2], f"README shows\n{console[2]}\nit said\n{typed.stderr}"
    # The server's certificate is self-signed.
    bare = f"curl -k {answers[1]}"
    reader.sees(f"{bare} {answers[3]}", Served())
    nothing_sent = differing(Answered(400, answers[2]), NOTHING_SENT["traefik"])
    reader.sees(bare, nothing_sent[world.counterpart])
    reader.applies_again()


@case("demo-app-1-http", COUNTERPARTS)
def demo_over_http(world: World) -> None:
    """Plain HTTP, nothing issued."""
    reader = Walkthrough(world, world.example("demo-app-1-http"))
    reader.has("default")
    reader.applies()
    reader.sees("curl http://test.localdev.me/", Served())
    reader.applies_again()


@case("demo-app-2-tls", COUNTERPARTS)
def demo_over_tls(world: World) -> None:
    """A self-signed server certificate, which curl accepts once it trusts it."""
    reader = Walkthrough(world, world.example("demo-app-2-tls"))
    reader.has("default")
    reader.applies()
    reader.sees(f"curl --cacert pki/hosts/test.localdev.me/tls.crt {_DEMO}", Served())
    reader.sees(f"curl -k {_DEMO}", Served())
    reader.applies_again()


@case("demo-app-3-mtls", COUNTERPARTS)
def demo_over_mutual_tls(world: World) -> None:
    """Only with a certificate of our own authority, and never by plain HTTP."""
    reader = Walkthrough(world, world.example("demo-app-3-mtls"))
    reader.has("default")
    reader.applies()
    trust = "--cacert pki/hosts/test.localdev.me/tls.crt"
    reader.sees(f"curl {trust} {_as('my-client')} {_DEMO}", Served())
    reader.sees(f"curl -k {_DEMO}", NOTHING_SENT[world.counterpart])
    reader.sees("curl http://test.localdev.me/", Answered(308))
    reader.applies_again()


@case("intermediate-authority", COUNTERPARTS)
def intermediate_authority(world: World) -> None:
    """The client's file has its intermediate behind it."""
    reader = Walkthrough(world, world.example("intermediate-authority"))
    reader.has("my-namespace")
    reader.applies()
    trust = "--cacert pki/hosts/web.example.com/tls.crt"
    reader.sees(f"curl {trust} {_as('alice')} https://web.example.com/", Served())
    reader.sees("curl -k https://web.example.com/", NOTHING_SENT[world.counterpart])
    reader.applies_again()


@case("two-authorities", COUNTERPARTS)
def two_authorities(world: World) -> None:
    """The server proves itself by one authority, the client by the other; the backend gets the client's identity."""
    reader = Walkthrough(world, world.example("two-authorities"))
    reader.has("default")
    reader.applies()
    url = "https://app.192-0-2-10.sslip.io/"
    headers = {"ssl-client-issuer-dn": "C=GB,O=Org Internal CA,CN=Internal Cert Authority"}
    answers = differing(Served(headers), Served())
    reader.sees(f"curl --cacert pki/cas/public/tls.crt {_as('internal-client')} {url}", answers[world.counterpart])
    reader.sees(f"curl --cacert pki/cas/public/tls.crt {url}", NOTHING_SENT[world.counterpart])
    reader.applies_again()


@case("protected-among-public", COUNTERPARTS)
def protected_among_public(world: World) -> None:
    """A public host, one for a single client, and one on its way."""
    reader = Walkthrough(world, world.example("protected-among-public"))
    reader.has("shop", "orders")
    reader.has("reporting")
    reader.applies()
    admin, orders = "https://admin.shop.example.com/", "https://orders.shop.example.com/reports"
    reader.sees("curl -k https://www.shop.example.com/", Served())
    reader.sees(f"curl -k {_as('authorized-client')} {admin}", Served())
    nothing_sent = differing(Answered(302, "https://www.shop.example.com/no-certificate"), NOTHING_SENT["traefik"])
    reader.sees(f"curl -k -i {admin}", nothing_sent[world.counterpart])
    not_on_the_list = differing(Answered(403), Served())
    reader.sees(f"curl -k {_as('reporting-job')} {admin}", not_on_the_list[world.counterpart])
    reader.sees(f"curl -k {orders}", Served())
    reader.sees(f"curl -k {_as('reporting-job')} {orders}", Served())
    reader.applies_again()


@case("cert-manager", COUNTERPARTS)
def cert_manager(world: World) -> None:
    """Closed until the controller may read Secrets of other namespaces, as README says."""
    others = _secrets_of_others(world)
    reader = Walkthrough(world, world.example("cert-manager"))
    reader.has("default")
    world.cluster.create("ingress-nginx")
    tls = f"--cert={others.certificate('hosts/in.logpoint.com.np')} --key={others.key('hosts/in.logpoint.com.np')}"
    reader.types(f"kubectl create secret tls logpoint-ingress {tls}")
    world.defer(lambda: reader.types("kubectl delete secret logpoint-ingress"))
    authority = f"--from-file=ca.crt={others.certificate('cas/clients')}"
    reader.types(f"kubectl create secret generic logpoint-ingress {authority} --namespace=ingress-nginx")
    world.defer(lambda: reader.types("kubectl delete secret logpoint-ingress --namespace=ingress-nginx"))
    reader.applies()
    url = "https://in.logpoint.com.np/"
    client = f"--cert {others.certificate('clients/alice')} --key {others.key('clients/alice')}"
    closed = differing(Answered(403), Answered(404))
    reader.sees(f"curl -k {client} {url}", closed[world.counterpart])
    reader.applies_again()
    if world.counterpart == "ingress-nginx":
        world.defer(lambda: reader.types(_allow_cross_namespace("false")))
        reader.types(_allow_cross_namespace("true"))
        reader.sees(f"curl -k {client} {url}", Served())
        reader.sees(f"curl -k {url}", NOTHING_SENT[world.counterpart])


def _secrets_of_others(world: World) -> Project:
    """What cert-manager and the keeper of the clients' authority would have made."""
    host = {"service": "httpbin", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]}}
    others = world.project(
        {
            "cas": {"clients": {}},
            "clients": {"alice": {"issuer": "clients"}},
            "services": {"httpbin": {"existing": True, "port": 8000}},
            "hosts": {"in.logpoint.com.np": host},
        },
        "others",
    )
    others.render()
    return others


def _allow_cross_namespace(value: str) -> str:
    patch = f'{{"data": {{"allow-cross-namespace-resources": "{value}"}}}}'
    return f"kubectl patch configmap controller --namespace=ingress-nginx --type=merge -p '{patch}'"
