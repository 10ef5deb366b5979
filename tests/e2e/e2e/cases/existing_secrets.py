"""The cluster as the store."""

from __future__ import annotations

from typing import Any

from ..program import Object, Project
from ..registry import case
from ..world import World

_KINDS = "secret,service,deployment,ingress"


def _spec(namespace: str, **more: Any) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "cas": {"root": {}, "clients": {"issuer": "root"}, "servers": {}},
        "clients": {
            "alice": {"issuer": "clients"},
            "bob": {"issuer": "clients"},
            "job": {"issuer": "clients", "secretName": "job-client"},
        },
        "services": {"web": {"image": "httpd", "port": 80}},
        "hosts": {
            "web.existing.test": {
                "service": "web",
                "tls": {"issuer": "servers"},
                "clientAuth": {"cas": ["clients"]},
            },
            "own.existing.test": {"service": "web", "tls": {"issuer": "self-signed"}},
        },
        **more,
    }


def _versions(world: World, namespace: str) -> dict[tuple[str, str], str]:
    objects = world.cluster.objects(_KINDS, namespace=namespace)
    return {(each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"] for each in objects}


def _existing(project: Project, secrets: str, *flags: str) -> tuple[str, str]:
    done = project.program.run("render", "--existing", "-", *flags, folder=project.folder, stdin=secrets)
    assert not (project.folder / "pki").exists(), "a folder was written"
    return done.stdout, done.stderr


@case("what kubectl prints is a store that changes nothing")
def round_trip(world: World) -> None:
    """`kubectl get secret -A -o yaml | mtlsgen render --existing - | kubectl apply -f -`, both ways of applying."""
    for apply_flags in (["--server-side"], []):
        for output in ("yaml", "json"):
            _round_trip(world, apply_flags, output, {})
    _round_trip(world, [], "yaml", {"secrets": {"nameSuffixHash": True}})


def _round_trip(world: World, apply_flags: list[str], output: str, more: dict[str, Any]) -> None:
    kubectl = world.cluster.kubectl
    namespace = world.new_namespace("existing")
    spec = _spec(namespace, **more)
    folder = world.project(spec, name=f"folder-{namespace}")
    folder.render()
    folder.program.run("cert", "revoke", "bob", folder=folder.folder)
    rendered = folder.render()
    kubectl("apply", *apply_flags, "-f", "-", stdin=rendered)
    before = _versions(world, namespace)
    assert len(before) >= 7, before

    project = world.project(spec, name=f"cluster-{namespace}")
    # Secrets of all other cases stand around it.
    secrets = kubectl("get", "secret", "--all-namespaces", "-o", output).stdout
    again, said = _existing(project, secrets)
    assert again == rendered, "other manifests than those of the folder"
    assert "issued" not in said, said
    kubectl("apply", *apply_flags, "-f", "-", stdin=again)
    assert _versions(world, namespace) == before, "an object changed"


@case("a self-signed certificate is renewed with the cluster alone")
def renewal(world: World) -> None:
    kubectl = world.cluster.kubectl
    namespace = world.new_namespace("existing")
    spec = _spec(namespace)
    del spec["hosts"]["web.existing.test"], spec["clients"], spec["cas"]
    folder = world.project(spec, name="folder")
    kubectl("apply", "-f", "-", stdin=folder.render(at="2026-01-01"))
    before = _secret(world, namespace)

    project = world.project(spec, name="cluster")
    manifests, said = _existing(project, _secrets(world), "--at", "2026-12-15")
    assert "due for renewal" in said, said
    kubectl("apply", "-f", "-", stdin=manifests)
    renewed = _secret(world, namespace)
    assert renewed["data"] != before["data"], "nothing was renewed"
    manifests, said = _existing(project, _secrets(world), "--at", "2026-12-16")
    assert "issued" not in said, said
    kubectl("apply", "-f", "-", stdin=manifests)
    assert _versions(world, namespace)["Secret", "own-existing-test-tls"] == renewed["metadata"]["resourceVersion"]


@case("an empty answer of kubectl is not an empty store")
def empty(world: World) -> None:
    namespace = world.new_namespace("existing")
    nothing = world.cluster.kubectl("get", "secret", "-o", "yaml", namespace=namespace).stdout
    project = world.project(_spec(namespace))
    done = project.program.run("render", "--existing", "-", folder=project.folder, stdin=nothing, status=2)
    assert "names no Secrets" in done.stderr and not done.stdout, done.stderr


def _secrets(world: World) -> str:
    return world.cluster.kubectl("get", "secret", "-A", "-o", "yaml").stdout


def _secret(world: World, namespace: str) -> Object:
    return world.cluster.get("secret", "own-existing-test-tls", namespace=namespace)
