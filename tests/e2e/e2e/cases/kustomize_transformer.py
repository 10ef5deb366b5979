"""The Kustomize transformer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

from ..compare import differences, identity
from ..parts import binary
from ..program import Finished, Object, read_objects
from ..registry import case
from ..world import World

_BOTH = ("kustomize", "kubectl-kustomize")
_HOST = "shop.example.com"
_BUNDLE = "shop-example-com-tls-cacert"
_NGINX = "nginx.ingress.kubernetes.io"
_AUTH_TLS_SECRET = f"{_NGINX}/auth-tls-secret"
_FUNCTION = {"config.kubernetes.io/function": "exec:\n  path: mtlsgen\n  args: [kustomize]\n"}
#: An application of others, as its chart or its README would have it.
_SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: httpd}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 80}], selector: {app: shop}}
---
# Of the application's authors.
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  labels: {app: shop}
  annotations: {example.com/note: "on"}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: theirs}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
"""


@case("an Ingress that exists is protected, and nothing else changes", counterparts=_BOTH)
def completes(world: World) -> None:
    """Found by name and by label, below a namespace and a prefix that its kustomization sets."""
    build = _Build(world)
    plain = build.kustomization("plain", namespace="web", namePrefix="pre-", resources=["shop.yaml"])
    before = _by_identity(build.objects(plain))
    for number, selector in enumerate(({"name": "shop"}, {"name": "pre-.*"}, {"labelSelector": "app=shop"}, {})):
        site = build.site(f"site-{number}", _spec(selector), namespace="web", namePrefix="pre-")
        after = _by_identity(build.objects(site))
        added = set(after) - set(before)
        assert added == {f"Secret web/{_BUNDLE}"}, f"{selector}: added {added}"
        ingress = after["Ingress web/pre-shop"]
        annotations = ingress["metadata"]["annotations"]
        ours = {key: annotations.pop(key) for key in list(annotations) if key.startswith(_NGINX)}
        assert ours == {
            _AUTH_TLS_SECRET: f"web/{_BUNDLE}",
            f"{_NGINX}/auth-tls-verify-client": "on",
            f"{_NGINX}/auth-tls-verify-depth": "1",
            f"{_NGINX}/auth-tls-pass-certificate-to-upstream": "true",
            f"{_NGINX}/force-ssl-redirect": "true",
        }, ours
        for name, object in before.items():
            assert after[name] == object, f"{name}: {differences(object, after[name])}"


@case("names end in Kustomize's own hash, and the annotation follows", counterparts=_BOTH)
def own_hashes(world: World) -> None:
    """`secrets.nameSuffixHash` gives a key pair the name that Kustomize gives it after `plugin.needsHash`."""
    build = _Build(world)
    site = build.site("site", {**_spec({}), "secrets": {"nameSuffixHash": True}}, namespace="web")
    objects = _by_identity(build.objects(site))
    (secret,) = (each for each in objects.values() if each["kind"] == "Secret")
    name = secret["metadata"]["name"]
    assert len(name) == len(_BUNDLE) + 11, name
    assert objects["Ingress web/shop"]["metadata"]["annotations"][_AUTH_TLS_SECRET] == f"web/{name}"

    base = build.generated("base", plugin={"needsHash": True})
    pair = "shop-example-com-tls"
    (by_kustomize,) = (name for name in _secrets(build.objects(base)) if not name.startswith(_BUNDLE))
    flags = ("-f", "mtls.yaml", "--set", "secrets.nameSuffixHash=true")
    rendered = read_objects(world.program.run("render", *flags, folder=base).stdout)
    by_mtlsgen = _secrets(rendered)
    assert by_kustomize in by_mtlsgen, f"{by_kustomize} by Kustomize, {by_mtlsgen} by mtlsgen"
    (ingress,) = (each for each in rendered if each["kind"] == "Ingress")
    assert ingress["spec"]["tls"][0]["secretName"] == by_kustomize and by_kustomize.startswith(pair)
    bundle = ingress["metadata"]["annotations"][_AUTH_TLS_SECRET].removeprefix("default/")
    assert bundle in by_mtlsgen and bundle.startswith(f"{_BUNDLE}-"), bundle


@case("what a transformer cannot protect stops the build", counterparts=_BOTH)
def refusals(world: World) -> None:
    """With words that reach the user, and no objects."""
    build = _Build(world)
    note = '{example.com/note: "on"}'
    changes: Mapping[str, tuple[str, str]] = {
        "no Ingress among the objects is the one of host": ("name: shop\n  labels", "name: other\n  labels"),
        "has no rule for `shop.example.com`": ("host: shop.example.com", "host: a.example.com"),
        "has no `tls` entry for `shop.example.com`": ("hosts: [shop.example.com]", "hosts: [a.example.com]"),
        "leads `shop.example.com` to the Service `gone`": ("service: {name: shop", "service: {name: gone"),
        f"has `{_AUTH_TLS_SECRET}: web/other` already": (note, f"{{{_AUTH_TLS_SECRET}: web/other}}"),
        "passes TLS through unread": (note, f'{{{_NGINX}/ssl-passthrough: "true"}}'),
        "another ingress class than `nginx`": ("ingressClassName: nginx", "ingressClassName: internal"),
        "also serves every other host": ("rules:\n", "rules:\n  - http: {paths: []}\n"),
    }
    site = build.site("site", _spec({"name": "shop"}), namespace="web")
    for words, (old, new) in changes.items():
        assert old in _SHOP, old
        (site / "shop.yaml").write_text(_SHOP.replace(old, new))
        refused = build.run(site, status=1)
        assert refused.stdout == "", refused.stdout
        assert words in refused.stderr, f"{words}: {refused.stderr}"
    (site / "shop.yaml").write_text(_SHOP)
    assert len(build.objects(site)) == 4


@case("references that an overlay breaks are found", counterparts=_BOTH)
def broken_references(world: World) -> None:
    """`namespace`, `namePrefix`, `nameSuffix` and a hash suffix above a generated base."""
    build = _Build(world)
    base = build.generated("base")
    breaking: tuple[dict[str, object], ...] = (
        {"namespace": "prod"},
        {"namePrefix": "pre-"},
        {"nameSuffix": "-suf"},
        {"namespace": "prod", "namePrefix": "pre-", "nameSuffix": "-suf"},
    )
    for number, fields in enumerate(breaking):
        overlay = build.check(f"overlay-{number}", resources=["../base"], **fields)
        refused = build.run(overlay, status=1)
        assert f"names the Secret `default/{_BUNDLE}`" in refused.stderr, f"{fields}: {refused.stderr}"
        prefix, suffix = fields.get("namePrefix", ""), fields.get("nameSuffix", "")
        now = f"`{fields.get('namespace', 'default')}/{prefix}{_BUNDLE}{suffix}` now"
        assert now in refused.stderr, f"{fields}: {refused.stderr}"
        build.configuration(overlay, {}, file="check.yaml", plugin={"mendReferences": True})
        mended = _by_identity(build.objects(overlay))
        (ingress,) = (each for each in mended.values() if each["kind"] == "Ingress")
        secret = ingress["metadata"]["annotations"][_AUTH_TLS_SECRET]
        assert f"`{secret}` now" == now and f"Secret {secret}" in mended, secret
    whole = _by_identity(build.objects(base))
    for number, harmless in enumerate(({}, {"namespace": "default"}, {"labels": [{"pairs": {"a": "b"}}]})):
        overlay = build.check(f"harmless-{number}", resources=["../base"], **harmless)
        assert set(_by_identity(build.objects(overlay))) == set(whole), f"{harmless}"
    # One whose name Kustomize itself will end in a hash, after all transformers.
    overlay = build.check(
        "hashed",
        resources=["ingress.yaml"],
        secretGenerator=[{"name": "trust", "namespace": "web", "literals": ["ca.crt=x"]}],
    )
    annotated = f'{{{_AUTH_TLS_SECRET}: web/trust}}'
    ingress = _SHOP.split("---\n")[2].replace('{example.com/note: "on"}', annotated)
    labelled = "labels: {mtlsgen.dev/name: site}"
    (overlay / "ingress.yaml").write_text(ingress.replace("labels: {app: shop}", f"namespace: web\n  {labelled}"))
    refused = build.run(overlay, status=1)
    assert "`web/trust-HASH` in the end" in refused.stderr, refused.stderr


@case(
    "a KRM function is a transformer too",
    counterparts=("kustomize",),
    not_applicable={"kubectl-kustomize": "kubectl kustomize has no --enable-exec: KRM functions cannot run there"},
)
def krm_function(world: World) -> None:
    """It gives what the exec plugin gives."""
    build = _Build(world)
    site = build.site("site", _spec({"name": "shop"}), namespace="web")
    wanted = build.objects(site)
    build.configuration(site, _spec({"name": "shop"}), annotations=_FUNCTION)
    found = read_objects(build.run(site, "--enable-exec").stdout)
    different = differences(_by_identity(wanted), _by_identity(found))
    assert not different and len(wanted) == len(found), different


@case("what a transformer gives, Kubernetes takes", counterparts=_BOTH)
def applied(world: World) -> None:
    """`kustomize build … | kubectl apply`, twice."""
    build = _Build(world)
    namespace = world.cluster.new_namespace("transformer")
    spec = {**_spec({"name": "shop"}), "namespace": namespace, "secrets": {"nameSuffixHash": True}}
    site = build.site("site", spec, namespace=namespace)
    text = build.run(site).stdout
    for _ in range(2):
        applied = world.cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text)
        assert applied.stdout.count("serverside-applied") == 4, applied.stdout


class _Build:
    """Kustomizations of one case, and the program that builds them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.home = world.scratch / "plugins"
        world.program.run("kustomize", "install", "--home", self.home, folder=world.scratch)

    def site(self, name: str, spec: Object, **fields: object) -> Path:
        """The application, and a transformer with that spec; everything is issued."""
        folder = self.kustomization(name, resources=["shop.yaml"], transformers=["mtls.yaml"], **fields)
        self.configuration(folder, spec)
        self.world.program.run("render", "-f", "mtls.yaml", "--kind", "Secret", folder=folder)
        return folder

    def generated(self, name: str, plugin: Object | None = None) -> Path:
        """A generator of everything."""
        folder = self.kustomization(name, generators=["mtls.yaml"])
        host = {"service": "shop", "tls": {"issuer": "self-signed"}, "clientAuth": {"cas": ["clients"]}}
        services = {"shop": {"image": "httpd", "port": 80}}
        spec: Object = {"cas": {"clients": {}}, "services": services, "hosts": {_HOST: host}}
        self.configuration(folder, spec, plugin=plugin)
        self.world.program.run("render", "-f", "mtls.yaml", folder=folder)
        return folder

    def check(self, name: str, **fields: object) -> Path:
        """A transformer that declares nothing."""
        folder = self.kustomization(name, transformers=["check.yaml"], **fields)
        self.configuration(folder, {}, file="check.yaml")
        return folder

    def kustomization(self, name: str, **fields: object) -> Path:
        """A folder with a kustomization, and the application for those that name it."""
        folder = self.world.scratch / name
        folder.mkdir(exist_ok=True)
        content = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        (folder / "shop.yaml").write_text(_SHOP)
        return folder

    def configuration(
        self,
        folder: Path,
        spec: Object,
        file: str = "mtls.yaml",
        annotations: dict[str, str] | None = None,
        plugin: Object | None = None,
    ) -> None:
        """The plugin's configuration."""
        configuration = {
            "apiVersion": "mtlsgen.dev/v1alpha1",
            "kind": "MutualTLS",
            "metadata": {"name": "site", "annotations": annotations or {}},
            "plugin": plugin or {},
            "spec": spec,
        }
        (folder / file).write_text(yaml.safe_dump(configuration, sort_keys=False))

    def objects(self, folder: Path) -> list[Object]:
        """What a build gives."""
        return read_objects(self.run(folder).stdout)

    def run(self, folder: Path, *flags: str, status: int = 0) -> Finished:
        """A build by the counterpart."""
        start = {
            "kustomize": [binary("kustomize"), "build"],
            "kubectl-kustomize": [binary("kubectl"), "kustomize"],
        }[self.world.counterpart]
        result = subprocess.run(
            [*start, "--enable-alpha-plugins", *flags, folder],
            cwd=self.world.scratch,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        assert result.returncode == status, f"it exited with {result.returncode}, not {status}:\n{result.stderr}"
        return Finished(result.returncode, result.stdout, result.stderr)

    def _environment(self) -> dict[str, str]:
        """mtlsgen comes first on PATH; the user of the tests has no plugins here."""
        dropped = ("SOURCE_DATE_EPOCH", "ARGOCD_APP_NAME", "XDG_CONFIG_HOME")
        inherited = {key: value for key, value in os.environ.items() if key not in dropped}
        path = os.pathsep.join([str(self.world.program.path.parent), os.environ["PATH"]])
        scratch = str(self.world.scratch)
        # A build that fails leaves its configuration in the folder for temporary files.
        places = {"HOME": scratch, "TMPDIR": scratch, "KUSTOMIZE_PLUGIN_HOME": str(self.home)}
        return {**inherited, **places, "PATH": path}


def _spec(selector: dict[str, str]) -> Object:
    return {
        "namespace": "web",
        "cas": {"clients": {}},
        "clients": {"alice": {"issuer": "clients"}},
        "hosts": {_HOST: {"existingIngress": selector, "clientAuth": {"cas": ["clients"]}}},
    }


def _secrets(objects: list[Object]) -> set[str]:
    return {each["metadata"]["name"] for each in objects if each["kind"] == "Secret"}


def _by_identity(objects: list[Object]) -> dict[str, Object]:
    return {identity(each): each for each in objects}
