"""The Kustomize plugin."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from ..compare import everything_different, identity
from ..parts import ROOT, binary
from ..program import Finished, Object, read_objects
from ..registry import NotApplicable, case
from ..world import World

_BOTH = ("kustomize", "kubectl-kustomize")
_FUNCTION = {"config.kubernetes.io/function": "exec:\n  path: mtlsgen\n  args: [kustomize]\n"}
_BUNDLE = "shop-example-com-tls-cacert"
_PAIR = "shop-example-com-tls"
_AUTH_TLS_SECRET = "nginx.ingress.kubernetes.io/auth-tls-secret"


@case("an exec plugin's build gives what render prints", counterparts=_BOTH)
def exec_plugin(world: World) -> None:
    """After `mtlsgen kustomize install`, with the documented flag."""
    site = _site(world, "site")
    home = _install(world)
    _equal(_rendered(world, site), _build(world, site, home=home))


@case("a KRM function's build gives what render prints", counterparts=_BOTH)
def krm_function(world: World) -> None:
    """With mtlsgen on PATH and nothing installed."""
    if world.counterpart == "kubectl-kustomize":
        site = _site(world, "site", annotations=_FUNCTION)
        refused = _run(world, site, "--enable-alpha-plugins", "--enable-exec", status=1)
        assert "unknown flag: --enable-exec" in refused.stderr, refused.stderr
        raise NotApplicable("kubectl kustomize has no --enable-exec: KRM functions cannot run there")
    site = _site(world, "site", annotations=_FUNCTION)
    rendered = _rendered(world, site)
    _equal(rendered, _build(world, site, "--enable-exec"))
    # As kustomize 5.5 wants it, which knows no arguments.
    (site / "MutualTLS").symlink_to(world.program.path)
    _write_site(site, annotations={"config.kubernetes.io/function": "exec:\n  path: ./MutualTLS\n"})
    _equal(rendered, _build(world, site, "--enable-exec"))


@case("a fresh folder is built by the steps that README names", counterparts=_BOTH)
def readme_steps(world: World) -> None:
    """The console block of README's section on the three ways, typed in a fresh folder."""
    folder = world.scratch / "fresh"
    folder.mkdir()
    section = (ROOT / "README.md").read_text().split("\n## Three ways to use it\n")[1].split("\n## ")[0]
    block = section.split("```console\n")[1].split("```")[0]
    lines = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    assert lines and lines[-1].startswith("kustomize build "), lines
    if world.counterpart == "kubectl-kustomize":
        lines[-1] = lines[-1].replace("kustomize build", "kubectl kustomize")
        assert f"`{lines[-1]}`" in section, f"README does not name {lines[-1]}"
    home = _install(world)
    # Objects are what the last one prints.
    typed = [*(f"{line} >&2" for line in lines[:-1]), lines[-1]]
    built = subprocess.run(
        ["sh", "-euc", "\n".join(typed)],
        cwd=folder,
        env=_environment(world, {"KUSTOMIZE_PLUGIN_HOME": str(home)}),
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    _equal(_rendered(world, folder), read_objects(built.stdout))


@case("a base used by two overlays, and a component", counterparts=_BOTH)
def base_and_overlays(world: World) -> None:
    """One build runs the base's generator twice, in the base's folder; a component may hold one as well."""
    home = _install(world)
    base = _site(world, "base")
    rendered = _rendered(world, base)
    for name in ("one", "two"):
        label = {"labels": [{"pairs": {"overlay": name}, "includeTemplates": False}]}
        _kustomization(world.scratch / name, resources=["../base"], **label)
        objects = _build(world, world.scratch / name, home=home)
        assert all(each["metadata"]["labels"].pop("overlay") == name for each in objects)
        _equal(rendered, objects)
    suffixes = {"one": "-1", "two": "-2"}
    for name, suffix in suffixes.items():
        _kustomization(world.scratch / name, resources=["../base"], nameSuffix=suffix)
    _kustomization(world.scratch / "both", resources=["../one", "../two"])
    both = _build(world, world.scratch / "both", home=home)
    assert len(both) == 2 * len(rendered), f"{len(both)} objects, not twice {len(rendered)}"

    component = _site(world, "component", kind="Component")
    _kustomization(world.scratch / "user", components=["../component"])
    _equal(_rendered(world, component), _build(world, world.scratch / "user", home=home))


@case("files of the spec are shared by generators", counterparts=_BOTH)
def spec_files(world: World) -> None:
    """`plugin.specFiles` names a file above the kustomization; the store lies beside that file."""
    home = _install(world)
    shared = world.project(_spec(), "shared")
    site = world.scratch / "shared" / "site"
    _write_site(site, spec={"namespace": "web"}, plugin={"specFiles": ["../mtls.yaml"]})
    rendered = _rendered(world, site)
    refused = _run(world, site, "--enable-alpha-plugins", home=home, status=1)
    assert "MTLSGEN_ALLOW_PATH" in refused.stderr, refused.stderr
    assert (shared.folder / "pki/hosts").is_dir() and not (site / "pki").exists()
    assert {each["metadata"]["namespace"] for each in rendered} == {"web"}
    _equal(rendered, _build(world, site, home=home, allowed=shared.folder))


@case("a prefix and a namespace reach the bundle's reference only by replacements", counterparts=_BOTH)
def prefix_and_namespace(world: World) -> None:
    """What docs/kustomize.md warns of happens, and what it proposes helps."""
    home = _install(world)
    base = _site(world, "base")
    _rendered(world, base)
    overlay = world.scratch / "overlay"
    _kustomization(overlay, resources=["../base"], namespace="prod", namePrefix="pre-")
    broken = _ingress(_build(world, overlay, home=home))
    assert broken["metadata"]["annotations"][_AUTH_TLS_SECRET] == f"default/{_BUNDLE}", "Kustomize rewrites it now"

    page = (ROOT / "docs/kustomize.md").read_text()
    recipe = next(block.split("```")[0] for block in page.split("```yaml\n") if "replacements:" in block)
    replacements = yaml.safe_load(recipe)["replacements"]
    _kustomization(overlay, resources=["../base"], namespace="prod", namePrefix="pre-", replacements=replacements)
    objects = _build(world, overlay, home=home)
    ingress = _ingress(objects)
    assert ingress["metadata"]["annotations"][_AUTH_TLS_SECRET] == f"prod/pre-{_BUNDLE}", ingress
    assert ingress["spec"]["tls"][0]["secretName"] == f"pre-{_PAIR}", ingress
    assert f"Secret prod/pre-{_BUNDLE}" in {identity(each) for each in objects}


@case("a hash suffix is followed where Kustomize follows it, and left out where not", counterparts=_BOTH)
def hash_suffix(world: World) -> None:
    """`plugin.needsHash`: the server's Secret gets one, that of the bundle does not."""
    home = _install(world)
    site = _site(world, "site", plugin={"needsHash": True})
    _rendered(world, site)
    objects = _build(world, site, home=home)
    names = {each["metadata"]["name"] for each in objects if each["kind"] == "Secret"}
    (hashed,) = (name for name in names if name.startswith(f"{_PAIR}-") and name != _BUNDLE)
    assert names == {_BUNDLE, hashed} and len(hashed) == len(_PAIR) + 11, names
    ingress = _ingress(objects)
    assert ingress["spec"]["tls"][0]["secretName"] == hashed, ingress
    assert ingress["metadata"]["annotations"][_AUTH_TLS_SECRET] == f"default/{_BUNDLE}", ingress
    left = [each for each in objects if "kustomize" in str(each["metadata"].get("annotations", {}))]
    assert not left, f"annotations for Kustomize are left: {left}"


@case("a generator may take the place of a base's objects", counterparts=_BOTH)
def behavior(world: World) -> None:
    """`plugin.behavior`: without it the build fails, with `replace` and `merge` the later objects win."""
    home = _install(world)
    base = _site(world, "base")
    _rendered(world, base)
    for word in (None, "replace", "merge"):
        overlay = world.scratch / f"overlay-{word}"
        spec = {**_spec(), "labels": {"from": "overlay"}, "store": {"path": "../base/pki"}}
        _write_site(overlay, spec=spec, plugin={"behavior": word} if word else None, resources=["../base"])
        if word is None:
            refused = _run(world, overlay, "--enable-alpha-plugins", home=home, allowed=base, status=1)
            assert "behavior" in refused.stderr, refused.stderr
            continue
        rendered = _rendered(world, overlay)
        assert all(each["metadata"]["labels"]["from"] == "overlay" for each in rendered)
        _equal(rendered, _build(world, overlay, home=home, allowed=base))


@case("a missing flag", counterparts=_BOTH)
def missing_flags(world: World) -> None:
    """The exec plugin fails in words; the KRM function is passed over in silence, as the page says."""
    home = _install(world)
    site = _site(world, "site")
    _rendered(world, site)
    refused = _run(world, site, home=home, status=1)
    assert "external plugins disabled" in refused.stderr, refused.stderr
    absent = _run(world, site, "--enable-alpha-plugins", home=world.scratch / "nowhere", status=1)
    assert absent.stdout == "", absent.stdout
    _write_site(site, annotations=_FUNCTION)
    passed_over = _run(world, site, "--enable-alpha-plugins", home=home)
    assert read_objects(passed_over.stdout) == [], passed_over.stdout


@case("a build issues nothing, and says what to run", counterparts=_BOTH)
def nothing_issued(world: World) -> None:
    """Its words reach the user in both styles; what it proposes helps."""
    home = _install(world)
    site = _site(world, "site")
    styles: list[tuple[dict[str, str], tuple[str, ...]]] = [({}, ())]
    if world.counterpart == "kustomize":
        styles.append((_FUNCTION, ("--enable-exec",)))
    for annotations, flags in styles:
        _write_site(site, annotations=annotations)
        refused = _run(world, site, "--enable-alpha-plugins", *flags, home=home, status=1)
        assert refused.stdout == "" and not (site / "pki").exists()
        for words in ("host `shop.example.com`: never issued", "mtlsgen render -f FILE", str(site)):
            assert words in refused.stderr, f"{words}: {refused.stderr}"
    world.program.run("render", "-f", "mtls.yaml", folder=site)
    _write_site(site)
    assert len(_build(world, site, home=home)) == 5


@case("a build issues where its configuration says so", counterparts=_BOTH)
def issuing(world: World) -> None:
    """`plugin.issue: missingOrDue`; a second build gives the same objects."""
    home = _install(world)
    site = _site(world, "site", plugin={"issue": "missingOrDue"})
    first = _build(world, site, home=home)
    _equal(first, _build(world, site, home=home))
    _equal(first, _rendered(world, site, "--locked"))


@case("what a build gives, Kubernetes takes", counterparts=_BOTH)
def applied(world: World) -> None:
    """`kustomize build … | kubectl apply`, twice."""
    home = _install(world)
    namespace = world.cluster.new_namespace("kustomize")
    site = _site(world, "site", spec={**_spec(), "namespace": namespace})
    _rendered(world, site)
    text = _run(world, site, "--enable-alpha-plugins", home=home).stdout
    for expected in ("serverside-applied", "serverside-applied"):
        applied = world.cluster.kubectl(
            "apply", "--server-side", "--validate=strict", "-f", "-", stdin=text
        )
        assert applied.stdout.count(expected) == 5, applied.stdout


def _spec() -> dict[str, object]:
    return {
        "cas": {"clients": {}},
        "clients": {"alice": {"issuer": "clients"}},
        "services": {"shop": {"image": "httpd", "port": 80}},
        "hosts": {
            "shop.example.com": {
                "service": "shop",
                "tls": {"issuer": "self-signed"},
                "clientAuth": {"cas": ["clients"]},
            }
        },
    }


def _site(world: World, name: str, **options: object) -> Path:
    """A new kustomization with a generator."""
    folder = world.scratch / name
    _write_site(folder, **options)  # type: ignore[arg-type]
    return folder


def _write_site(
    folder: Path,
    spec: dict[str, object] | None = None,
    plugin: dict[str, object] | None = None,
    annotations: dict[str, str] | None = None,
    kind: str = "Kustomization",
    resources: list[str] | None = None,
) -> None:
    configuration: Object = {
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "MutualTLS",
        "metadata": {"name": "shop", "annotations": annotations or {}},
        "spec": spec or _spec(),
    }
    if plugin:
        configuration["plugin"] = plugin
    _kustomization(folder, kind, generators=["mtls.yaml"], resources=resources or [])
    (folder / "mtls.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))


def _kustomization(folder: Path, kind: str = "Kustomization", **fields: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    version = "v1alpha1" if kind == "Component" else "v1beta1"
    content = {"apiVersion": f"kustomize.config.k8s.io/{version}", "kind": kind, **fields}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def _install(world: World) -> Path:
    """The exec plugin in a home of the case's own."""
    home = world.scratch / "plugins"
    world.program.run("kustomize", "install", "--home", home, folder=world.scratch)
    return home


def _rendered(world: World, folder: Path, *flags: str) -> list[Object]:
    return read_objects(world.program.run("render", "-f", "mtls.yaml", *flags, folder=folder).stdout)


def _build(
    world: World, folder: Path, *flags: str, home: Path | None = None, allowed: Path | None = None
) -> list[Object]:
    return read_objects(_run(world, folder, "--enable-alpha-plugins", *flags, home=home, allowed=allowed).stdout)


def _run(
    world: World,
    folder: Path,
    *flags: str,
    home: Path | None = None,
    allowed: Path | None = None,
    status: int = 0,
) -> Finished:
    """A build of `folder` by the counterpart, called from elsewhere; `allowed` may be read as well."""
    more = {"KUSTOMIZE_PLUGIN_HOME": home, "MTLSGEN_ALLOW_PATH": allowed}
    start = {
        "kustomize": [binary("kustomize"), "build"],
        "kubectl-kustomize": [binary("kubectl"), "kustomize"],
    }[world.counterpart]
    result = subprocess.run(
        [*start, *flags, folder],
        cwd=world.scratch,
        env=_environment(world, {key: str(value) for key, value in more.items() if value}),
        capture_output=True,
        text=True,
    )
    assert result.returncode == status, f"it exited with {result.returncode}, not {status}:\n{result.stderr}"
    return Finished(result.returncode, result.stdout, result.stderr)


def _environment(world: World, more: dict[str, str]) -> dict[str, str]:
    """Programs of these tests come first on PATH; their user has no plugins here."""
    folders = [str(world.program.path.parent), str(binary("kustomize").parent), os.environ["PATH"]]
    dropped = ("SOURCE_DATE_EPOCH", "ARGOCD_APP_NAME", "KUSTOMIZE_PLUGIN_HOME", "XDG_CONFIG_HOME")
    inherited = {key: value for key, value in os.environ.items() if key not in dropped}
    # A build that fails leaves its configuration in the folder for temporary files.
    places = {"HOME": str(world.scratch), "TMPDIR": str(world.scratch), "PATH": os.pathsep.join(folders)}
    return {**inherited, **places, **more}


def _ingress(objects: list[Object]) -> Object:
    (ingress,) = (each for each in objects if each["kind"] == "Ingress")
    return ingress


def _equal(wanted: list[Object], found: list[Object]) -> None:
    """The same objects, in any order."""
    by_identity = [{identity(each): each for each in objects} for objects in (wanted, found)]
    assert len(wanted) == len(found), f"{len(wanted)} objects were rendered, {len(found)} were built"
    different = everything_different(*by_identity)
    assert not different, f"built otherwise than rendered: {different}"
