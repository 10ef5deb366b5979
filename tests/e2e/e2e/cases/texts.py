"""Kubernetes' own judgement."""

from __future__ import annotations

from ..compare import differences, identity, server_filled
from ..registry import case
from ..specs import hostile_texts
from ..world import World


@case("every text arrives as it was written")
def every_text_arrives(world: World) -> None:
    """As annotation and in the environment, where any text may stand; client-side, which carries them all."""
    namespace = world.new_namespace("texts")
    texts = hostile_texts()
    assert len(texts) > 600, f"only {len(texts)} texts"
    environment = {f"TEXT_{at}": text for at, text in enumerate(texts)}
    project = world.project(
        {
            "namespace": namespace,
            "annotations": {f"example.com/text-{at}": text for at, text in enumerate(texts)},
            "services": {"web": {"image": "httpd", "port": 80, "env": environment}},
            "hosts": {"texts.example.com": {"service": "web", "tls": False, "ingressClassName": "judged"}},
        }
    )
    world.cluster.kubectl("apply", "--validate=strict", "-f", "-", stdin=project.render())
    stored = {identity(each): each for each in world.cluster.objects("deployment,service,ingress", namespace=namespace)}
    for wanted in project.listed():
        wrong = differences(wanted, server_filled(stored[identity(wanted)]))
        assert not wrong, "\n".join(wrong)
        assert len(wanted["metadata"]["annotations"]) == len(texts), "a text got lost before it was rendered"


@case("what server-side application loses is warned of")
def lost_texts_are_warned_of(world: World) -> None:
    """On both sides of every boundary: warned of where kubectl is refused or the text changes, and only there."""
    namespace = world.new_namespace("lost")
    for character in "~\x7f\x80\x84\x85\x86\x9f\xa0\u2028\ufdd0\ufeff\ufffd\ufffe\uffff\U0001fffe":
        name = f"u-{ord(character):x}"
        text = f"a{character}b"
        service = {"image": "httpd", "port": 80, "annotations": {"example.com/text": text}}
        project = world.project({"namespace": namespace, "services": {name: service}}, name)
        rendered = world.program.run("render", folder=project.folder)
        warned = "server-side-apply" in rendered.stderr
        carried = world.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=rendered.stdout, check=False)
        lost = carried.status != 0 or _annotation(world, name, namespace) != text
        assert warned == lost, f"U+{ord(character):04X}: warned of: {warned}, lost: {lost}\n{carried.stderr}"


def _annotation(world: World, service: str, namespace: str) -> str:
    return str(world.cluster.get("service", service, namespace)["metadata"]["annotations"]["example.com/text"])
