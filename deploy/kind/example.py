#!/usr/bin/env python3
"""One example on a real cluster: its pods as real ones that listen, its policies, every pair connected for real, and
the result compared with `sluicectl matrix` on the example. Exit 0 where they agree, 1 where they do not.
usage: example.py --context CONTEXT --sluicectl PROGRAM --pod-image IMAGE --port N EXAMPLE"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

import yaml

POLICIES = ("NetworkPolicy",)
PODS = ("Pod",)
PASSES, STOPPED = "allow", "deny"
AGREE_WITHIN = 30  # seconds, from the policies' creation until every node has them


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("context", "sluicectl", "pod-image"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("example", type=pathlib.Path)
    return parser.parse_args()


def on_cluster(context, *command, given=None, check=True):
    return subprocess.run(["kubectl", "--context", context, *command], input=given, capture_output=True, text=True,
                          timeout=180, check=check)


def read(example):
    return [each for path in sorted((example / "manifests").glob("**/*.yaml"))
            for each in yaml.safe_load_all(path.read_text()) if each]


def real_pod(pod, image, port):
    """The pod as a cluster takes it: it listens at `port`, and where it runs and its addresses are the cluster's."""
    listen = f"echo > /tmp/index.html; exec httpd -f -p {port} -h /tmp"
    container = {"name": "listen", "image": image, "command": ["sh", "-c", listen],
                 "ports": [each for one in pod["spec"]["containers"] for each in one.get("ports", [])]}
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace", "labels") if key in pod["metadata"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}


def apply(context, documents):
    on_cluster(context, "apply", "-f", "-", given=yaml.safe_dump_all(documents))


def intended(options):
    reply = subprocess.run([options.sluicectl, "matrix", "--manifests", str(options.example / "manifests"), "--port",
                            str(options.port), "-o", "json"], capture_output=True, text=True, timeout=60, check=True)
    matrix = json.loads(reply.stdout)
    return {(source, to): cell for source, row in zip(matrix["pods"], matrix["cells"])
            for to, cell in zip(matrix["pods"], row) if cell in (PASSES, STOPPED)}


def address_of(context, pod):
    namespace, name = pod.split("/")
    ip = on_cluster(context, "-n", namespace, "get", "pod", name, "-o", "jsonpath={.status.podIP}").stdout
    return f"[{ip}]" if ":" in ip else ip


def connects(context, source, address, port):
    namespace, name = source.split("/")
    reply = on_cluster(context, "-n", namespace, "exec", name, "--", "wget", "-q", "-T", "2", "-O", "/dev/null",
                       f"http://{address}:{port}/index.html", check=False)
    return PASSES if reply.returncode == 0 else STOPPED


def real(options, wanted):
    addresses = {pod: address_of(options.context, pod) for pod in {to for _, to in wanted}}
    return {(source, to): connects(options.context, source, addresses[to], options.port) for source, to in wanted}


def disagreements(options):
    """Every pair, again until all agree or the time is over; policies reach the nodes one by one."""
    wanted = intended(options)
    deadline = time.monotonic() + AGREE_WITHIN
    while True:
        found = real(options, wanted)
        differing = [(pair, wanted[pair], found[pair]) for pair in sorted(wanted) if found[pair] != wanted[pair]]
        if not differing or time.monotonic() > deadline:
            return differing, len(wanted)


def main():
    options = arguments()
    documents = read(options.example)
    namespaces = [each for each in documents if each["kind"] == "Namespace"]
    names = [each["metadata"]["name"] for each in namespaces]
    there = on_cluster(options.context, "get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
    if taken := set(names) & set(there):
        print(f"example: namespace {sorted(taken)[0]} is there already: remove it or take another cluster", file=sys.stderr)
        return 2
    try:
        apply(options.context, namespaces)
        apply(options.context, [real_pod(each, options.pod_image, options.port) for each in documents if each["kind"] in PODS])
        for name in names:
            on_cluster(options.context, "-n", name, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
        apply(options.context, [each for each in documents if each["kind"] in POLICIES])
        differing, pairs = disagreements(options)
    except subprocess.CalledProcessError as error:
        print(f"example: {' '.join(error.cmd)}: {error.stderr.strip()}", file=sys.stderr)
        return 1
    finally:
        on_cluster(options.context, "delete", "namespace", "--wait=false", "--ignore-not-found", *names, check=False)
    for (source, to), wanted, found in differing:
        print(f"example: {options.example.name}: {source} to {to} port {options.port}: {wanted} intended, {found} found")
    print(f"{options.example.name}: {pairs - len(differing)} of {pairs} pairs as intended")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
