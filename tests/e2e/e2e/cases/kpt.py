"""kpt's functions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from ..compare import everything_different, identity
from ..parts import ROOT, binary
from ..program import Finished, Object, read_objects
from ..registry import case
from ..world import World

_PAIR = "shop-example-com-tls"
_RENDER = ("fn", "render", "--allow-exec")
#: A file of others, as kpt would not write it.
_OTHER = '# theirs\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other # here\ndata:\n  date: "2001-01-01"\n'


@case("a package gets a file for each object, and finds it again", counterparts=("kpt",))
def package(world: World) -> None:
    """The Kptfile of docs/kustomize.md; called from elsewhere."""
    folder = _package(world, "package", plugin={"allowPlainSecrets": [_PAIR]})
    (folder / "other.yaml").write_text(_OTHER)
    rendered = _rendered(world, folder)
    _kpt(world, *_RENDER, folder)
    _equal(rendered, _written(folder))
    assert (folder / "other.yaml").read_text() == _OTHER, "another file was changed"

    (ingress,) = folder.rglob("ingress-*.yaml")
    renamed = ingress.rename(folder / "renamed.yaml")
    before = _files(folder)
    _kpt(world, *_RENDER, folder)
    assert _files(folder) == before, "a second run changes files"
    assert yaml.safe_load(renamed.read_text())["kind"] == "Ingress"


@case("a private key is written to a package only if that is allowed", counterparts=("kpt",))
def plain_secrets(world: World) -> None:
    """What is refused leaves the package as it was; both ways to allow it help."""
    folder = _package(world, "package")
    rendered = _rendered(world, folder)
    before = _files(folder)
    refused = _kpt(world, *_RENDER, folder, status=1)
    said = f"Secret `default/{_PAIR}`: its private key would be written in clear"
    assert f"[error] mtlsgen.dev/v1alpha1/MutualTLS/shop: {said}" in refused.stderr, refused.stderr
    assert "PRIVATE KEY" not in refused.stdout + refused.stderr
    assert _files(folder) == before, "a refused run changes files"
    _write(folder, _configuration(plugin={"allowPlainSecrets": [_PAIR]}))
    _kpt(world, *_RENDER, folder)
    _equal(rendered, _written(folder))
    _write(folder, _configuration({"secrets": {"allowPlainInGit": True}}))
    _kpt(world, *_RENDER, folder)
    _equal(rendered, _written(folder))


@case("a build of kpt issues nothing, and says what to run", counterparts=("kpt",))
def nothing_issued(world: World) -> None:
    """Every finding is among the results; what is proposed helps."""
    folder = _package(world, "package", plugin={"allowPlainSecrets": [_PAIR]})
    before = _files(folder)
    refused = _kpt(world, *_RENDER, folder, status=1)
    advice = f"run `mtlsgen render -f mtls.yaml` in `{folder}`"
    for words in ("Results:", "host `shop.example.com`: never issued", advice):
        assert words in refused.stderr, f"{words}: {refused.stderr}"
    assert _files(folder) == before, "a refused run changes files"
    _rendered(world, folder)
    _kpt(world, *_RENDER, folder)


@case("kpt fn eval gives the same", counterparts=("kpt",))
def evaluated(world: World) -> None:
    """The command of docs/kustomize.md, in the package's folder."""
    page = (ROOT / "docs/kustomize.md").read_text()
    assert '`kpt fn eval --exec "mtlsgen kustomize" --fn-config mtls.yaml`' in page
    folder = _package(world, "package", plugin={"allowPlainSecrets": [_PAIR]})
    (folder / "Kptfile").write_text(_kptfile({}))
    rendered = _rendered(world, folder)
    _kpt(world, "fn", "eval", "--exec", "mtlsgen kustomize", "--fn-config", "mtls.yaml", folder=folder)
    _equal(rendered, _written(folder))


@case("a spec in the Kptfile, and files of a spec", counterparts=("kpt",))
def config_map(world: World) -> None:
    """`configMap`: whole specs, `plugin.specFiles`, and single values under keys as `--set` has them."""
    allowed = {"plugin.allowPlainSecrets": f"[{_PAIR}]"}
    for name, data in {
        "whole": {"spec": yaml.safe_dump(_spec()), "namespace": "web"},
        "files": {"plugin.specFiles": "[mtls.toml]", "namespace": "web"},
    }.items():
        folder = world.scratch / name
        folder.mkdir()
        (folder / "mtls.toml").write_text(_TOML)
        (folder / "Kptfile").write_text(_kptfile({"configMap": {**data, **allowed}}))
        text = world.program.run("render", "-f", "mtls.toml", "--set", "namespace=web", folder=folder).stdout
        _kpt(world, *_RENDER, folder)
        _equal(read_objects(text), _written(folder))


@case("an Ingress of a package is protected, and nothing else changes", counterparts=("kpt",))
def transformer(world: World) -> None:
    """`existingIngress`, in files that others wrote."""
    host = {"existingIngress": {"name": "shop"}, "clientAuth": {"cas": ["clients"]}}
    spec = {"cas": {"clients": {}}, "namespace": "web", "hosts": {"shop.example.com": host}}
    folder = world.scratch / "package"
    folder.mkdir()
    _write(folder, {**_configuration(), "spec": spec})
    world.program.run("render", "--kind", "Secret", folder=folder)
    (folder / "Kptfile").write_text(_kptfile({"configPath": "mtls.yaml"}))
    (folder / "service.yaml").write_text(_SERVICE)
    (folder / "ingress.yaml").write_text(_INGRESS)
    _kpt(world, *_RENDER, folder)
    assert (folder / "service.yaml").read_text() == _SERVICE, "the Service was changed"
    text = (folder / "ingress.yaml").read_text()
    assert "# theirs" in text, f"a comment is gone: {text}"
    ingress = yaml.safe_load(text)
    bundle = "web/shop-example-com-tls-cacert"
    annotations = ingress["metadata"].pop("annotations")
    assert annotations["nginx.ingress.kubernetes.io/auth-tls-secret"] == bundle, annotations
    assert ingress == yaml.safe_load(_INGRESS), ingress
    assert f"Secret {bundle}" in {identity(each) for each in _written(folder)}

    (folder / "service.yaml").unlink()
    refused = _kpt(world, *_RENDER, folder, status=1)
    assert "[error] networking.k8s.io/v1/Ingress/web/shop" in refused.stderr, refused.stderr
    assert "which is not among the objects" in refused.stderr, refused.stderr


@case("what a spec no longer gives stays in the package and is said", counterparts=("kpt",))
def stale(world: World) -> None:
    """A label may be set by any user: no file is removed because of it."""
    folder = _package(world, "package", plugin={"allowPlainSecrets": [_PAIR]})
    _rendered(world, folder)
    _kpt(world, *_RENDER, folder)
    before = _files(folder)
    _write(folder, {**_configuration(), "spec": {"services": _spec()["services"]}})
    said = _kpt(world, *_RENDER, folder).stderr
    assert "[warning]" in said and "Ingress `default/shop-example-com` carries the label" in said, said
    assert "remove its file" in said, said
    assert set(_files(folder)) == set(before), "a file is gone"


def _spec() -> Object:
    return {
        "name": "shop",
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


_TOML = """\
name = "shop"
cas.clients = {}
clients.alice.issuer = "clients"
services.shop = { image = "httpd", port = 80 }
[hosts."shop.example.com"]
service = "shop"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"""

_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
  namespace: web
spec:
  ports:
  - port: 80 # plain
  selector:
    app: shop
"""

_INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: web
spec:
  ingressClassName: nginx # theirs
  tls:
  - hosts:
    - shop.example.com
    secretName: shop-tls
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: shop
            port:
              number: 80
"""


def _configuration(spec: Object | None = None, plugin: Object | None = None) -> Object:
    configuration: Object = {
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "MutualTLS",
        "metadata": {"name": "shop"},
        "spec": {**_spec(), **(spec or {})},
    }
    if plugin:
        configuration["plugin"] = plugin
    return configuration


def _write(folder: Path, configuration: Object) -> None:
    (folder / "mtls.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))


def _package(world: World, name: str, plugin: Object | None = None) -> Path:
    """A package with the Kptfile of the page and a configuration."""
    folder = world.scratch / name
    folder.mkdir()
    _write(folder, _configuration(plugin=plugin))
    page = (ROOT / "docs/kustomize.md").read_text()
    recipe = next(block.split("```")[0] for block in page.split("```yaml\n") if block.startswith("# Kptfile\n"))
    (mutator,) = yaml.safe_load(recipe)["pipeline"]["mutators"]
    (folder / "Kptfile").write_text(_kptfile(mutator))
    return folder


def _kptfile(mutator: Object) -> str:
    """A Kptfile with that mutator; without any for none."""
    head = {"apiVersion": "kpt.dev/v1", "kind": "Kptfile", "metadata": {"name": "package"}}
    mutators = [{"exec": "mtlsgen kustomize", **mutator}] if mutator else []
    return yaml.safe_dump({**head, "pipeline": {"mutators": mutators}}, sort_keys=False)


def _kpt(world: World, *arguments: str | Path, folder: Path | None = None, status: int = 0) -> Finished:
    """kpt with mtlsgen on PATH and a home of the case's own."""
    path = os.pathsep.join([str(world.program.path.parent), os.environ["PATH"]])
    dropped = ("SOURCE_DATE_EPOCH", "ARGOCD_APP_NAME")
    inherited = {key: value for key, value in os.environ.items() if key not in dropped}
    result = subprocess.run(
        [binary("kpt"), *arguments],
        cwd=folder or world.scratch,
        env={**inherited, "HOME": str(world.scratch), "PATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == status, f"kpt exited with {result.returncode}, not {status}:\n{result.stderr}"
    return Finished(result.returncode, result.stdout, result.stderr)


def _rendered(world: World, folder: Path) -> list[Object]:
    return read_objects(world.program.run("render", "-f", "mtls.yaml", folder=folder).stdout)


def _files(folder: Path) -> dict[str, bytes]:
    """Every file of a package, without the store."""
    files = (path for path in folder.rglob("*") if path.is_file() and "pki" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _written(folder: Path) -> list[Object]:
    """The objects that a run added to a package."""
    texts = (content.decode() for name, content in _files(folder).items() if name.endswith(".yaml"))
    written = [each for text in texts for each in read_objects(text)]
    return [each for each in written if "mtlsgen.dev/name" in each.get("metadata", {}).get("labels", {})]


def _equal(wanted: list[Object], found: list[Object]) -> None:
    """The same objects, in any order."""
    by_identity = [{identity(each): each for each in objects} for objects in (wanted, found)]
    assert len(wanted) == len(found), f"{len(wanted)} objects were rendered, {len(found)} were written"
    different = everything_different(*by_identity)
    assert not different, f"written otherwise than rendered: {different}"
