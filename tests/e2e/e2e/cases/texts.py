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
