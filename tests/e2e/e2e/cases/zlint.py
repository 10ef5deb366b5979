"""zlint."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..parts import ROOT, binary
from ..program import Project
from ..registry import case
from ..world import World

#: Results that are findings; "info" is neither an error nor a warning.
_FINDINGS = {"warn", "error", "fatal"}
#: A certificate or a revocation list.
_BLOCK = re.compile(r"-----BEGIN (CERTIFICATE|X509 CRL)-----\n.*?-----END \1-----\n", re.DOTALL)

_RSA = {"algorithm": "RSA"}
_P384 = {"algorithm": "ECDSA", "size": 384}
_ED25519 = {"algorithm": "Ed25519"}


def _host(**tls: Any) -> dict[str, Any]:
    return {"service": "web", "tls": tls}


_SPEC: dict[str, Any] = {
    "cas": {
        "root": {},
        "root-p384": {"privateKey": _P384},
        "root-rsa": {
            "privateKey": {"algorithm": "RSA", "size": 4096},
            "subject": {"commonName": "Root", "organizations": ["Example Ltd"], "countries": ["GB"]},
        },
        "root-ed25519": {"privateKey": _ED25519},
        "servers": {"issuer": "root"},
        "constrained": {"issuer": "root-p384", "nameConstraints": {"permitted": {"dnsDomains": ["example.com"]}}},
        "clients": {"revoked": ["0x0123456789abcdef0123"]},
        "issuing": {"issuer": "clients"},
        "deeper": {"issuer": "issuing"},
    },
    "services": {"web": {"image": "httpd", "port": 80}},
    "hosts": {
        "plain.example.com": {**_host(issuer="servers"), "clientAuth": {"cas": ["clients"]}},
        "*.wild.example.com": _host(issuer="servers"),
        "below.example.com": _host(issuer="constrained"),
        "self.example.com": _host(**{"issuer": "self-signed"}),
        "ip.example.com": _host(issuer="servers", ipAddresses=["192.0.2.10", "2001:db8::1", "10.0.0.1"]),
        "p384.example.com": _host(issuer="root-p384", privateKey=_P384),
        "rsa.example.com": _host(issuer="root-rsa", privateKey=_RSA),
        "ed.example.com": _host(issuer="root-ed25519", privateKey=_ED25519),
    },
    "clients": {
        "alice": {"issuer": "issuing", "subject": "CN=alice, O=MyOrganization"},
        "below": {"issuer": "deeper"},
        "spiffe": {"issuer": "clients", "uris": ["spiffe://example.com/ns/default/sa/web"]},
        "mail": {
            "issuer": "clients",
            "emailAddresses": ["mail@example.com"],
            "dnsNames": ["mail.example.com"],
            "ipAddresses": ["192.0.2.7"],
        },
        "rsa": {"issuer": "clients", "privateKey": {"algorithm": "RSA", "size": 3072}},
        "p384": {"issuer": "clients", "privateKey": _P384},
        "ed25519": {"issuer": "clients", "privateKey": _ED25519},
        "own-key": {"issuer": "clients", "csr": "own-key.csr", "fromCsr": ["subject", "names"]},
    },
}


@case("zlint finds nothing that applies to a private PKI", counterparts=["zlint"])
def nothing_applies(world: World) -> None:
    """Certificates of every kind, and revocation lists; docs/zlint.md lists what does not apply."""
    project = world.project(_SPEC)
    _request(project)
    project.render()
    excused = _excused()
    needed: set[str] = set()
    wrong: list[str] = []
    judged = list(_judged(project))
    assert len(judged) >= len(_SPEC["cas"]) + len(_SPEC["hosts"]) + len(_SPEC["clients"]), f"{len(judged)} were found"
    lists = [name for name, block in judged if "X509 CRL" in block]
    # Of the root that clients are trusted by, and of the two authorities below it.
    assert len(lists) == 3, f"revocation lists: {lists}"
    for name, block in judged:
        findings = _lint(block)
        kinds = _kinds(name, block)
        for lint in findings:
            if excused.get(lint) in kinds:
                needed.add(lint)
            else:
                wrong.append(f"{name} ({', '.join(sorted(kinds))}): {lint} {findings[lint]}")
    assert not wrong, "findings that docs/zlint.md does not excuse:\n" + "\n".join(wrong)
    assert needed == set(excused), f"docs/zlint.md excuses what zlint does not find: {sorted(set(excused) - needed)}"


def _request(project: Project) -> None:
    """A signing request, whose key stays here."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=own-key", "-addext", "subjectAltName=URI:spiffe://example.com/own-key"]
    files = ["-keyout", "own-key.key", "-out", "own-key.csr"]
    subprocess.run([*command, *names, *files], cwd=project.folder, check=True, capture_output=True)


def _judged(project: Project) -> Iterator[tuple[str, str]]:
    """The first block of each certificate file of the store, and every revocation list in it."""
    store = project.folder / "pki"
    for path in sorted(store.rglob("*")):
        if path.name == "tls.crt" or path.parent.name == "crl":
            blocks = [found.group() for found in _BLOCK.finditer(path.read_text())]
            assert blocks, f"{path} holds no certificate and no revocation list"
            name = str(path.relative_to(store))
            yield from ((name, block) for block in (blocks[:1] if path.name == "tls.crt" else blocks))


def _lint(block: str) -> dict[str, str]:
    """Errors and warnings by lint."""
    result = subprocess.run([binary("zlint"), "-format", "pem", "-"], input=block, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    results: dict[str, dict[str, str]] = json.loads(result.stdout)
    findings = {lint: found for lint, found in results.items() if found["result"] in _FINDINGS}
    return {lint: f"{found['result']} {found.get('details', '')}".strip() for lint, found in findings.items()}


def _kinds(name: str, block: str) -> set[str]:
    """What docs/zlint.md calls it."""
    if "X509 CRL" in block:
        return {"revocation lists"}
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-nameopt", "RFC2253"],
        input=block,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {match[1]: match[2] for match in re.finditer(r"^ *(Issuer|Subject): ?(.*)$", shown, re.MULTILINE)}
    self_signed = found["Issuer"] == found["Subject"]
    kinds = {"Ed25519"} if "ED25519" in shown else set()
    folder = Path(name).parts[0]
    if folder == "cas":
        return kinds | {"authorities", "roots" if self_signed else "intermediates"}
    if folder == "hosts":
        return kinds | {"servers"} | ({"self-signed servers"} if self_signed else set())
    return kinds | {"clients"}


def _excused() -> dict[str, str]:
    """Which lint does not apply to what, by docs/zlint.md."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/zlint.md").read_text(), re.MULTILINE)
    assert rows, "docs/zlint.md has no table"
    for lint, kind, reason in rows:
        assert len(reason) > 10, f"{lint} of {kind} has no reason"
    return {lint: kind for lint, kind, _ in rows}
