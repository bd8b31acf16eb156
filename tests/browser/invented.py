"""A large cluster as manifests, of the size that a page must open with: namespaces that differ, apps that differ."""
import json


def labels(app):
    return {"app": "app-%d" % app}


def policy(ns, name, selector, rules, types=("Ingress",)):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": ns},
            "spec": {"podSelector": selector, "policyTypes": list(types), **rules}}


def policies_of(ns, number, count, apps):
    """A default deny, DNS, and pairs of which one lets an app out to the next one and the other lets it in there."""
    yield policy(ns, "default-deny", {}, {}, ("Ingress", "Egress"))
    yield policy(ns, "dns", {}, {"egress": [{"to": [{"namespaceSelector": {"matchLabels": {"tier": "0"}}}],
                                             "ports": [{"protocol": "UDP", "port": 53}]}]}, ("Egress",))
    for i in range((count - 2) // 2):
        app, ports = (i + number) % apps, [{"protocol": "TCP", "port": 8000 + i}]
        there = {"namespaceSelector": {"matchLabels": {"tier": str((number + 1) % 7)}}} if i == 3 else {}
        here = {"namespaceSelector": {"matchLabels": {"tier": str((number - 1) % 7)}}} if i == 3 else {}
        yield policy(ns, "out-%d" % i, {"matchLabels": labels(app)}, {"egress": [
            {"to": [{"podSelector": {"matchLabels": labels((app + 1) % apps)}, **there}], "ports": ports}]}, ("Egress",))
        yield policy(ns, "in-%d" % i, {"matchLabels": labels((app + 1) % apps)}, {"ingress": [
            {"from": [{"podSelector": {"matchLabels": labels(app)}, **here}], "ports": ports}]})


def cluster(namespaces=50, apps=10, replicas=6, policies=10):
    """namespaces × apps × replicas pods, namespaces × policies policies."""
    for n in range(namespaces):
        ns = "team-%02d" % n
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns, "labels": {"tier": str(n % 7)}}}
        for pod in range(apps * replicas):
            number = n * apps * replicas + pod
            yield {"apiVersion": "v1", "kind": "Pod",
                   "metadata": {"name": "app-%d-%d" % (pod % apps, pod // apps), "namespace": ns,
                                "labels": labels(pod % apps)},
                   "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8000}]}]},
                   "status": {"phase": "Running", "podIP": "10.%d.%d.%d" % (number >> 16, number >> 8 & 255, number & 255)}}
        yield from policies_of(ns, n, policies, apps)


def write(path, **sizes):
    with open(path, "w") as out:
        json.dump({"apiVersion": "v1", "kind": "List", "items": list(cluster(**sizes))}, out)
