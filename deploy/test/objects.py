#!/usr/bin/env python3
"""An example's manifests as a bare API server takes them: no controller need run, nothing is ever started.
usage: objects.py create DIR   namespaces, their service accounts, nodes, pods, services and policies, as one List
       objects.py status DIR   a line a pod and node: kind, namespace (or -), name, status as JSON
       objects.py names DIR    a line a namespace and node: kind and name"""

import json
import pathlib
import sys

import yaml

MARK = {"app.kubernetes.io/part-of": "sluice-test"}
CREATED = ("Namespace", "Node", "ServiceAccount", "Pod", "Service", "NetworkPolicy")
WITH_STATUS = ("Node", "Pod")


def read(folder):
    return [each for path in sorted(pathlib.Path(folder).glob("**/*.yaml"))
            for each in yaml.load_all(path.read_text(), yaml.CSafeLoader) if each]


def creatable(document):
    """Without what the server sets itself, and without what a missing controller would have to provide."""
    created = {key: value for key, value in document.items() if key != "status"}
    created["metadata"] = {key: value for key, value in document["metadata"].items() if key != "creationTimestamp"}
    created["metadata"]["labels"] = document["metadata"].get("labels", {}) | MARK
    if document["kind"] == "Pod":
        created["spec"] = document["spec"] | {"automountServiceAccountToken": False}
        created["spec"].setdefault("tolerations", [{"operator": "Exists"}])
    if document["kind"] == "Node":
        created["spec"] = document.get("spec", {}) | {"unschedulable": True}
    return created


def service_accounts(documents):
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": each["metadata"]["name"]}}
            for each in documents if each["kind"] == "Namespace"]


def create(documents):
    items = sorted((creatable(each) for each in documents + service_accounts(documents) if each["kind"] in CREATED),
                   key=lambda each: CREATED.index(each["kind"]))
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def status(documents):
    return "\n".join(" ".join((each["kind"].lower(), each["metadata"].get("namespace", "-"), each["metadata"]["name"],
                               json.dumps({"status": each["status"]}, separators=(",", ":"))))
                     for each in documents if each["kind"] in WITH_STATUS)


def names(documents):
    return "\n".join(f"{each['kind'].lower()} {each['metadata']['name']}"
                     for each in documents if each["kind"] in ("Namespace", "Node"))


if __name__ == "__main__":
    commands = {"create": create, "status": status, "names": names}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    print(commands[sys.argv[1]](read(sys.argv[2])))
