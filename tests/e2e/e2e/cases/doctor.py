"""What `mtlsgen doctor kustomize` predicts, and what then happens."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from ..parts import binary
from ..program import Object, read_objects
from ..registry import case
from ..world import World

_BOTH = ("kustomize", "kubectl-kustomize")
_FUNCTION = "exec: {path: mtlsgen, args: [kustomize]}"
_ALPHA, _EXEC = "--enable-alpha-plugins", "--enable-exec"
#: Flags of a build, each way of forgetting some of them.
_FLAGS: tuple[tuple[str, ...], ...] = (
    (),
    (_ALPHA,),
    (_EXEC,),
    (_ALPHA, _EXEC),
    ("--enable_alpha_plugins",),
    (_ALPHA, _EXEC, "--load-restrictor", "LoadRestrictionsNone"),
    (_ALPHA, "--load-restrictor", "none"),
    (_ALPHA, "-e", "nowhere"),
    (_ALPHA, "--nowhere"),
    (_ALPHA, "-x"),
    (_ALPHA, "."),
)

#: An application of others.
_SHOP = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: default}
spec: {ports: [{port: 80}], selector: {app: shop}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: default}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
"""

Change = Callable[[World, Path], None]


@case("right set-ups, with each way to forget a flag", counterparts=_BOTH)
def flags(world: World) -> None:
    """Both styles; the build that silently skips the function is among them."""
    predicted = {
        style: [_agree(world, site, *given) for given in _FLAGS]
        for style, site in (
            ("exec", _site(world, "exec")),
            ("function", _site(world, "function", function=_FUNCTION)),
        )
    }
    passes_over = predicted["function"][1]
    assert passes_over == "passesOver", f"a function without {_EXEC}: {passes_over}"
    expected = "runs" if world.counterpart == "kustomize" else "fails"
    assert predicted["function"][3] == expected and predicted["exec"][1] == "runs", predicted


@case("wrong objects", counterparts=_BOTH)
def objects(world: World) -> None:
    """Group, version, kind and the function's annotation."""
    for number, (wrong, function) in enumerate(
        (
            ({"apiVersion": "mtlsgen.dev/v1"}, None),
            ({"kind": "MutualTls"}, None),
            ({"apiVersion": "mtlsgen.dev/v1"}, _FUNCTION),
            ({}, "exec: {path: mtlsgen}"),
            ({}, "exec: {path: mtlsgen, args: [kustomize], env: [A=b]}"),
            ({}, "exec: {path: mtlsgen, args: kustomize}"),
            ({}, "exec: {args: [kustomize]}"),
            ({}, "exec: {path: nowhere}"),
            ({"spec": {"service": {}}}, _FUNCTION),
            ({"plugin": {"issue": "always"}}, None),
        )
    ):
        site = _site(world, f"site-{number}", function=function, **wrong)
        for given in ((_ALPHA,), (_ALPHA, _EXEC)):
            outcome = _agree(world, site, *given)
            assert outcome != "runs", f"{wrong} {function} {given} runs"


@case("programs that are missing or not what they should be", counterparts=_BOTH)
def programs(world: World) -> None:
    """In the folder of plugins, and beside the kustomization."""

    def absent(path: Path) -> None:
        path.unlink()

    def text(path: Path) -> None:
        path.unlink()
        path.write_text("#!/bin/sh\n")

    def dangling(path: Path) -> None:
        path.unlink()
        path.symlink_to("nowhere")

    def folder(path: Path) -> None:
        path.unlink()
        path.mkdir()

    def other_case(path: Path) -> None:
        path.rename(path.with_name("MUTUALTLS"))

    for change in (absent, text, dangling, folder, other_case):
        for style in ("exec", "function"):
            function = "exec: {path: ./MutualTLS}" if style == "function" else None
            site = _site(world, f"{style}-{change.__name__}", function=function)
            path = _home(site) / "mtlsgen.dev/v1alpha1/mutualtls/MutualTLS"
            if style == "function":
                path = site / "MutualTLS"
                path.symlink_to(world.program.path)
            given = (_ALPHA, _EXEC) if world.counterpart == "kustomize" and style == "function" else (_ALPHA,)
            before = _agree(world, site, *given)
            change(path)
            after = _agree(world, site, *given)
            if style == "function" and world.counterpart == "kubectl-kustomize":
                assert (before, after) == ("passesOver", "passesOver"), (before, after)
            else:
                assert (before, after) == ("runs", "fails"), f"{style} {change.__name__}: {before}, {after}"


@case("kustomizations that no build gets through", counterparts=_BOTH)
def kustomizations(world: World) -> None:
    """Objects that meet, files outside, cycles, an object among the resources."""
    site = _site(world, "site")
    for name, content, expected in (
        ("once", {"resources": ["../site"]}, "runs"),
        ("twice", {"resources": ["../site", "../site"]}, "fails"),
        ("listed-twice", {"generators": ["mtls.yaml", "mtls.yaml"]}, "fails"),
        ("same-objects", {"generators": ["mtls.yaml", "other.yaml"]}, "fails"),
        ("outside", {"generators": ["../site/mtls.yaml"]}, "fails"),
        ("missing", {"generators": ["nowhere.yaml"], "resources": ["../site"]}, "fails"),
        ("validator", {"validators": ["mtls.yaml"], "resources": ["../among-resources"]}, "fails"),
        ("misspelt", {"generator": ["mtls.yaml"], "resources": ["../site"]}, "fails"),
        ("unknown-field", {"anchors": {}, "generators": ["mtls.yaml"]}, "fails"),
        ("no-list", {"generators": "mtls.yaml"}, "fails"),
        ("no-text", {"generators": [{"kind": "MutualTLS"}]}, "fails"),
        ("transformer", {"transformers": ["mtls.yaml"]}, "runs"),
        ("cycle", {"resources": ["../site", "."]}, "fails"),
        ("folder", {"generators": ["../among-resources"]}, "runs"),
        ("inline", {"generators": [(site / "mtls.yaml").read_text()]}, "runs"),
        ("component", {"components": ["../a-component"]}, "runs"),
        ("prefixes", {"resources": ["../a", "../b"]}, "runs"),
    ):
        folder = _kustomization(world.scratch / name, content)
        text = (site / "mtls.yaml").read_text()
        (folder / "mtls.yaml").write_text(text)
        (folder / "other.yaml").write_text(text.replace("name: shop", "name: other", 1))
        for below, more in (
            ("a", {"resources": ["../site"], "namePrefix": "a-"}),
            ("b", {"resources": ["../site"], "namePrefix": "b-"}),
            ("among-resources", {"resources": ["mtls.yaml"]}),
            ("a-component", {"kind": "Component", "generators": ["mtls.yaml"]}),
        ):
            (_kustomization(world.scratch / below, more) / "mtls.yaml").write_text(text)
        outcome = _agree(world, folder, _ALPHA, home=_home(site))
        assert outcome == expected, f"{name}: {outcome}"


@case("transformers, and settings that exclude each other", counterparts=_BOTH)
def configurations(world: World) -> None:
    """What the build alone knows is not a mistake of a transformer; what the plugin refuses is one of both."""
    host = {"existingIngress": {"name": "shop"}, "clientAuth": {"cas": ["clients"]}}
    existing = {"cas": {"clients": {}}, "hosts": {"shop.example.com": host}}
    plain = {"services": {"shop": {"image": "httpd", "port": 80}}}
    for name, role, spec, plugin, expected in (
        ("check", "transformers", {}, {}, "runs"),
        ("mend", "transformers", {}, {"mendReferences": True}, "runs"),
        ("nothing", "generators", {}, {}, "fails"),
        ("existing", "transformers", existing, {}, "runs"),
        ("unseen", "generators", existing, {}, "fails"),
        ("misspelt-key", "transformers", {"host": {}}, {}, "fails"),
        ("two-hashes", "generators", {**plain, "secrets": {"nameSuffixHash": True}}, {"needsHash": True}, "fails"),
        ("unknown-secret", "generators", plain, {"allowPlainSecrets": ["x"]}, "fails"),
    ):
        site = _site(world, name, spec=spec, plugin=plugin)
        if spec == existing:
            world.program.run("render", "--kind", "Secret", "-f", "mtls.yaml", folder=site)
        _kustomization(site, {role: ["mtls.yaml"], "resources": ["shop.yaml"]})
        (site / "shop.yaml").write_text(_SHOP)
        outcome = _agree(world, site, _ALPHA)
        assert outcome == expected, f"{name}: {outcome}"


@case("the command that doctor proposes is the one that works", counterparts=_BOTH)
def proposed(world: World) -> None:
    """Its last line, typed."""
    for style, function in (("exec", None), ("function", _FUNCTION)):
        site = _site(world, style, function=function)
        command = _command(world, site)
        line = _doctor(world, site, command, _home(site))["build"]
        assert isinstance(line, str)
        built = subprocess.run(
            ["sh", "-euc", line],
            cwd=world.scratch,
            env=_environment(world, _home(site)),
            capture_output=True,
            text=True,
        )
        assert built.returncode == 0 and read_objects(built.stdout), f"{line}: {built.stderr}"


def _agree(world: World, folder: Path, *flags: str, home: Path | None = None) -> str:
    """What doctor predicts of a build with these flags; AssertionError if something else happens."""
    home = home or _home(folder)
    command = _command(world, folder, *flags)
    (predicted,) = _doctor(world, folder, command, home)["commands"]
    built = subprocess.run(
        [binary(command[0]), *command[1:]],
        cwd=world.scratch,
        env=_environment(world, home),
        capture_output=True,
        text=True,
    )
    if built.returncode:
        happened = "fails"
    else:
        happened = "runs" if read_objects(built.stdout) else "passesOver"
    assert predicted["outcome"] == happened, (
        f"`{' '.join(command)}` {happened}, and doctor says: {predicted['words']}\n{built.stdout}{built.stderr}"
    )
    return happened


def _command(world: World, folder: Path, *flags: str) -> list[str]:
    start = {"kustomize": ["kustomize", "build"], "kubectl-kustomize": ["kubectl", "kustomize"]}
    return [*start[world.counterpart], *flags, folder.name]


def _doctor(world: World, folder: Path, command: list[str], home: Path) -> Object:
    asked = subprocess.run(
        [world.program.path, "doctor", "kustomize", "--format", "json", folder.name, "--", *command],
        cwd=world.scratch,
        env=_environment(world, home),
        capture_output=True,
        text=True,
    )
    assert asked.returncode in (0, 1), asked.stderr
    summary: Object = json.loads(asked.stdout)
    outcomes = {each["outcome"] for each in summary["commands"]}
    assert asked.returncode == 0 or asked.stderr, "there are findings, but no words"
    assert asked.returncode == 1 or outcomes == {"runs"}, f"nothing is wrong, but the build does not run: {summary}"
    return summary


def _site(world: World, name: str, function: str | None = None, **changes: object) -> Path:
    """A kustomization with a generator of its own, and a folder of plugins beside it."""
    folder = _kustomization(world.scratch / name, {"generators": ["mtls.yaml"]})
    metadata: Object = {"name": "shop"}
    if function:
        metadata["annotations"] = {"config.kubernetes.io/function": function}
    configuration: Object = {
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "MutualTLS",
        "metadata": metadata,
        "spec": {"services": {"shop": {"image": "httpd", "port": 80}}},
    }
    configuration.update(changes)
    (folder / "mtls.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))
    world.program.run("kustomize", "install", "--home", _home(folder), folder=world.scratch)
    return folder


def _home(folder: Path) -> Path:
    return folder.with_name(f"plugins-of-{folder.name}")


def _kustomization(folder: Path, content: Object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    kind = content.get("kind", "Kustomization")
    version = "v1alpha1" if kind == "Component" else "v1beta1"
    head = {"apiVersion": f"kustomize.config.k8s.io/{version}", "kind": kind}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({**head, **content}, sort_keys=False))
    return folder


def _environment(world: World, home: Path) -> dict[str, str]:
    """Programs of these tests come first on PATH; their user has no plugins here."""
    folders = [str(world.program.path.parent), str(binary("kustomize").parent), os.environ["PATH"]]
    dropped = ("SOURCE_DATE_EPOCH", "ARGOCD_APP_NAME", "XDG_CONFIG_HOME")
    inherited = {key: value for key, value in os.environ.items() if key not in dropped}
    # A build that fails leaves its configuration in the folder for temporary files.
    places = {"HOME": str(world.scratch), "TMPDIR": str(world.scratch), "KUSTOMIZE_PLUGIN_HOME": str(home)}
    return {**inherited, **places, "PATH": os.pathsep.join(folders)}
