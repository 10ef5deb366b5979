#!/usr/bin/env python3
"""Writes src/manifest/schema/kubernetes.json: the fields of the objects that mtlsgen knows.

The source is the OpenAPI description in the Go module k8s.io/kubernetes:

    go mod download -json k8s.io/kubernetes@v1.36.3     # prints Dir
    scripts/kubernetes-schema.py DIR/api/openapi-spec/swagger.json > src/manifest/schema/kubernetes.json

A type is {"fields": {NAME: TYPE}, "required": [NAME]}. TYPE is a word (string, integer, number, boolean,
bytes, time, quantity, int-or-string, any), `#NAME` for another type, `[TYPE` for a list or `{TYPE` for a map.
After a list comes what strategic merge patches merge it by: `|KEY`, or `|` for a set of plain values;
without it, a patch replaces the list. `string=A,B` are the only values that the API server takes; the
description does not have those in a readable form, so the table ENUMS does.
"""

import json
import sys

KINDS = """
v1 ConfigMap
v1 Endpoints
v1 LimitRange
v1 Namespace
v1 PersistentVolumeClaim
v1 Pod
v1 ResourceQuota
v1 Secret
v1 Service
v1 ServiceAccount
apps/v1 DaemonSet
apps/v1 Deployment
apps/v1 StatefulSet
autoscaling/v2 HorizontalPodAutoscaler
batch/v1 CronJob
batch/v1 Job
discovery.k8s.io/v1 EndpointSlice
networking.k8s.io/v1 Ingress
networking.k8s.io/v1 IngressClass
networking.k8s.io/v1 NetworkPolicy
policy/v1 PodDisruptionBudget
rbac.authorization.k8s.io/v1 ClusterRole
rbac.authorization.k8s.io/v1 ClusterRoleBinding
rbac.authorization.k8s.io/v1 Role
rbac.authorization.k8s.io/v1 RoleBinding
scheduling.k8s.io/v1 PriorityClass
"""

PROTOCOL = "TCP,UDP,SCTP"
ENUMS = {
    "core.v1.Container.imagePullPolicy": "Always,IfNotPresent,Never",
    "core.v1.Container.terminationMessagePolicy": "File,FallbackToLogsOnError",
    "core.v1.ContainerPort.protocol": PROTOCOL,
    "core.v1.ServicePort.protocol": PROTOCOL,
    "core.v1.EndpointPort.protocol": PROTOCOL,
    "networking.v1.NetworkPolicyPort.protocol": PROTOCOL,
    "core.v1.PodSpec.restartPolicy": "Always,OnFailure,Never",
    "core.v1.PodSpec.dnsPolicy": "ClusterFirstWithHostNet,ClusterFirst,Default,None",
    "core.v1.PodSpec.preemptionPolicy": "PreemptLowerPriority,Never",
    "core.v1.HTTPGetAction.scheme": "HTTP,HTTPS",
    "core.v1.SeccompProfile.type": "RuntimeDefault,Unconfined,Localhost",
    "core.v1.AppArmorProfile.type": "RuntimeDefault,Unconfined,Localhost",
    "core.v1.Toleration.operator": "Exists,Equal,Lt,Gt",
    "core.v1.Toleration.effect": "NoSchedule,PreferNoSchedule,NoExecute",
    "core.v1.TopologySpreadConstraint.whenUnsatisfiable": "DoNotSchedule,ScheduleAnyway",
    "core.v1.ServiceSpec.type": "ClusterIP,NodePort,LoadBalancer,ExternalName",
    "core.v1.ServiceSpec.sessionAffinity": "ClientIP,None",
    "core.v1.ServiceSpec.externalTrafficPolicy": "Cluster,Local",
    "core.v1.ServiceSpec.internalTrafficPolicy": "Cluster,Local",
    "core.v1.ServiceSpec.ipFamilyPolicy": "SingleStack,PreferDualStack,RequireDualStack",
    "apps.v1.DeploymentStrategy.type": "Recreate,RollingUpdate",
    "apps.v1.DaemonSetUpdateStrategy.type": "OnDelete,RollingUpdate",
    "apps.v1.StatefulSetUpdateStrategy.type": "OnDelete,RollingUpdate",
    "apps.v1.StatefulSetSpec.podManagementPolicy": "OrderedReady,Parallel",
    "batch.v1.CronJobSpec.concurrencyPolicy": "Allow,Forbid,Replace",
    "networking.v1.HTTPIngressPath.pathType": "Exact,Prefix,ImplementationSpecific",
    "meta.v1.LabelSelectorRequirement.operator": "In,NotIn,Exists,DoesNotExist",
}

PREFIXES = ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.")
WORDS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}


def short(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):]
    raise SystemExit(f"a type from elsewhere: {name}")


def type_of(schema, todo):
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        if name in WORDS:
            return WORDS[name]
        todo.append(name)
        return "#" + short(name)
    if schema.get("type") == "array":
        return "[" + type_of(schema["items"], todo)
    if schema.get("type") == "object":
        return "{" + type_of(schema["additionalProperties"], todo) if "additionalProperties" in schema else "any"
    if schema.get("format") == "byte":
        return "bytes"
    return schema.get("type", "any")


def merge_marker(schema):
    if "merge" not in schema.get("x-kubernetes-patch-strategy", "").split(","):
        return ""
    return "|" + schema.get("x-kubernetes-patch-merge-key", "") if schema.get("type") == "array" else ""


def field_of(owner, name, schema, todo):
    if name == "status":
        return "any"
    word = type_of(schema, todo) + merge_marker(schema)
    enum = ENUMS.pop(f"{short(owner)}.{name}", None)
    return f"{word}={enum}" if enum else word


def main():
    swagger = json.load(open(sys.argv[1], encoding="utf-8"))
    definitions, kinds, todo = swagger["definitions"], {}, []
    namespaced = {
        tuple(operation["x-kubernetes-group-version-kind"].values())
        for path, operations in swagger["paths"].items()
        for operation in operations.values()
        if "{namespace}/" in path and "x-kubernetes-group-version-kind" in operation
    }
    by_kind = {
        tuple(sorted(kind.items())): name
        for name, definition in definitions.items()
        for kind in definition.get("x-kubernetes-group-version-kind", [])
    }
    for line in KINDS.split("\n"):
        if not line:
            continue
        api_version, kind = line.split()
        group, version = api_version.rpartition("/")[::2]
        names = {"group": group, "kind": kind, "version": version}
        name = by_kind[tuple(sorted(names.items()))]
        kinds[line] = {"type": short(name), "namespaced": (group, kind, version) in namespaced}
        todo.append(name)
    types = {}
    while todo:
        name = todo.pop()
        if short(name) in types:
            continue
        definition = definitions[name]
        types[short(name)] = entry = {"fields": {}}
        for field, schema in sorted(definition.get("properties", {}).items()):
            entry["fields"][field] = field_of(name, field, schema, todo)
        if definition.get("required"):
            entry["required"] = sorted(definition["required"])
    if ENUMS:
        raise SystemExit(f"fields that do not exist: {sorted(ENUMS)}")
    print('{"kinds":{')
    print(",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in sorted(kinds.items())))
    print('},"types":{')
    print(",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in sorted(types.items())))
    print("}}")


main()
