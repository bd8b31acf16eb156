#!/usr/bin/env python3
"""The chart sluice-policies: what helm renders for each row of policies/ gives the matrix that the row intends, laid
over policies/world.yaml, in the eyes of sluicectl; or, laid over the cluster and NetworkPolicies of the example that the
row names, the verdicts that the example expects.
usage: policies_chart_test.py SLUICECTL"""

import json
import pathlib
import re
import sys
import tempfile
import unittest

import charts
import yaml

SLUICECTL = ""
ROWS = pathlib.Path(__file__).parent / "policies"
EXAMPLES = charts.ROOT / "examples"
PASSES, STOPPED, ITSELF = ".", "#", "-"
CELLS = {"allow": PASSES, "deny": STOPPED, "self": ITSELF}


def intended(table):
    """A matrix of a row as {(from, to): cell}."""
    (_, *header), *lines = [line.split() for line in table.strip().splitlines()]
    return {(line[0], to): cell for line in lines for to, cell in zip(header, line[1:], strict=True)}


def found(folder, protocol, port):
    reply = charts.run(SLUICECTL, "matrix", "--manifests", folder, "--port", port, "--protocol", protocol, "-o", "json")
    if reply.returncode != 0:
        raise AssertionError(reply.stderr)
    matrix = json.loads(reply.stdout)
    names = [pod.split("/")[1] for pod in matrix["pods"]]
    return {(source, to): CELLS[cell]
            for source, cells in zip(names, matrix["cells"]) for to, cell in zip(names, cells)}


def names_of(example):
    """What says to what names resolve, where the example says it."""
    path = EXAMPLES / (example or "") / "names.jsonl"
    return ["--names", str(path)] if example and path.exists() else []


def verdicts(folder, probes, *options):
    lines = [json.dumps({"id": index, "protocol": "TCP"} | {key: value for key, value in probe.items() if key != "verdict"})
             for index, probe in enumerate(probes)]
    path = pathlib.Path(folder) / "probes.jsonl"
    path.write_text("\n".join(lines) + "\n")
    reply = charts.run(SLUICECTL, "eval", "--manifests", folder, "--probes", str(path), "--engine", "reference", *options)
    return [json.loads(line).get("verdict", line) for line in reply.stdout.splitlines()]


def rows():
    return sorted(path for path in ROWS.glob("*.yaml") if path.name != "world.yaml")


def world(example):
    """What a row is laid over. Of an example it is all but the ClusterNetworkPolicies, which are the chart's to write."""
    if example is None:
        return (ROWS / "world.yaml").read_text()
    return yaml.safe_dump_all([each for path in sorted((EXAMPLES / example / "manifests").glob("*.yaml"))
                               for each in charts.objects(path.read_text()) if each["kind"] != "ClusterNetworkPolicy"])


def lay_out(test, folder, row):
    rendered = charts.template("sluice-policies", row["values"])
    test.assertEqual((rendered.returncode, rendered.stderr), (0, ""))
    (pathlib.Path(folder) / "policies.yaml").write_text(rendered.stdout)
    (pathlib.Path(folder) / "world.yaml").write_text(world(row.get("example")))


class Patterns(unittest.TestCase):
    maxDiff = None

    def test_each_gives_the_matrix_that_it_intends(self):
        self.assertTrue(rows())
        for path in rows():
            row = yaml.safe_load(path.read_text())
            self.assertTrue(row.get("matrix") or row.get("probes") or row.get("example"), f"{path.name} intends nothing")
            with tempfile.TemporaryDirectory() as folder:
                lay_out(self, folder, row)
                for probed, table in row.get("matrix", {}).items():
                    with self.subTest(row=path.stem, what=row["what"], probed=probed):
                        self.assertEqual(found(folder, *probed.split()), intended(table))
                with self.subTest(row=path.stem, what=row["what"], probed="addresses"):
                    probes = row.get("probes", [])
                    self.assertEqual(verdicts(folder, probes) if probes else [], [probe["verdict"] for probe in probes])

    def test_no_two_policies_of_a_rendering_share_a_name(self):
        for path in rows():
            rendered = charts.template("sluice-policies", yaml.safe_load(path.read_text())["values"])
            names = [(each["metadata"].get("namespace"), each["metadata"]["name"])
                     for each in charts.objects(rendered.stdout)]
            with self.subTest(row=path.stem):
                self.assertEqual(len(names), len(set(names)))


class Tiers(unittest.TestCase):
    maxDiff = None

    def test_each_gives_the_verdicts_of_its_example(self):
        told = []
        for path in rows():
            row = yaml.safe_load(path.read_text())
            if "example" not in row:
                continue
            example = EXAMPLES / row["example"]
            told.append(example)
            expected = [json.loads(line) for line in (example / "expected.jsonl").read_text().splitlines()]
            probes = [{key: value for key, value in each.items() if key not in ("egress", "ingress", "note")}
                      for each in expected]
            with self.subTest(example=example.name), tempfile.TemporaryDirectory() as folder:
                lay_out(self, folder, row)
                names = names_of(row["example"])
                self.assertEqual(verdicts(folder, probes, *names), [each["verdict"] for each in expected])
                tested = charts.run(SLUICECTL, "test", str(example / "tests.yaml"), "--manifests", folder, *names)
                self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        with_clusters = {path.parents[1] for path in EXAMPLES.glob("*/manifests/policies.yaml")
                         if "ClusterNetworkPolicy" in path.read_text()}
        self.assertEqual(set(told), with_clusters, "every example of the tiers is a row")

    def test_lint_warns_of_nothing_but_what_a_row_says(self):
        for path in rows():
            row = yaml.safe_load(path.read_text())
            if "tiers" not in row["values"]:
                continue
            with self.subTest(row=path.stem), tempfile.TemporaryDirectory() as folder:
                lay_out(self, folder, row)
                linted = charts.run(SLUICECTL, "lint", "--manifests", folder, "-o", "json")
                self.assertEqual(linted.stderr, "")
                found_above = {each["rule"] for each in json.loads(linted.stdout) if each["level"] != "info"}
                self.assertEqual(found_above, set(row.get("lint", [])), linted.stdout)

    def test_all_are_off_until_they_are_meant(self):
        for key, own in TIERS.items():
            for pattern in (False, own | {"enabled": False}, own | {"environments": ["production"]}):
                rendered = charts.template("sluice-policies", {"environment": "staging", "tiers": {key: pattern}})
                with self.subTest(key=key, pattern=pattern):
                    self.assertEqual((rendered.returncode, charts.objects(rendered.stdout)), (0, []), rendered.stderr)

    def test_each_has_the_priority_that_it_is_given(self):
        for key, own in TIERS.items():
            for priority in (0, 1000):
                rendered = charts.template("sluice-policies", {"tiers": {key: own | {"priority": priority}}})
                policies = charts.objects(rendered.stdout)
                with self.subTest(key=key, priority=priority):
                    self.assertTrue(policies, rendered.stderr)
                    self.assertEqual({policy["spec"]["priority"] for policy in policies}, {priority})

    def test_a_free_one_is_written_as_it_stands(self):
        spec = {"tier": "Admin", "priority": 30, "subject": {"namespaces": {"matchLabels": {"a": "true"}}},
                "egress": [{"name": "nodes", "action": "Accept", "to": [{"nodes": {}}, {"domainNames": ["*.example.org"]}],
                            "protocols": [{"tcp": {"destinationPort": {"range": {"start": 1, "end": 65535}}}},
                                          {"destinationNamedPort": "web"}]}]}
        annotations = {"sluice.dev/active": "Mon-Fri 08:00-18:00 Europe/Berlin"}
        rendered = charts.template("sluice-policies", {"clusterPolicies": {"123": {"spec": spec, "annotations": annotations}},
                                                       "commonLabels": {"team": "1e3"}}, release="true")
        (policy,) = charts.objects(rendered.stdout)
        self.assertEqual(policy["spec"], spec)
        self.assertEqual(policy["metadata"], {
            "name": "123", "annotations": annotations, "labels": {
                "app.kubernetes.io/part-of": "sluice-policies", "app.kubernetes.io/instance": "true", "team": "1e3"}})


class Names(unittest.TestCase):
    def test_those_that_yaml_takes_for_something_else_stay_text(self):
        for name in ("123", "1e3", "true", "null", "0x1f"):
            rendered = charts.template("sluice-policies", {
                "namespaces": {name: {"dns": True, "additional": {name: {"spec": {"podSelector": {}}}}}},
                "dns": {"namespace": name}, "commonLabels": {"tier": name},
                "connections": {"a": {"from": {"namespace": name}, "to": {"namespace": name}}}}, release=name)
            self.assertEqual(rendered.returncode, 0, rendered.stderr)
            policies = charts.objects(rendered.stdout)
            with self.subTest(name=name):
                self.assertIn(name, [policy["metadata"]["name"] for policy in policies])
                self.assertEqual({policy["metadata"]["namespace"] for policy in policies}, {name})
                for policy in policies:
                    labels = policy["metadata"]["labels"]
                    self.assertEqual((labels["tier"], labels["app.kubernetes.io/instance"]), (name, name))
                told = [peer["namespaceSelector"]["matchLabels"] for policy in policies
                        for way, key in (("ingress", "from"), ("egress", "to"))
                        for rule in policy["spec"].get(way, []) for peer in rule[key]]
                self.assertTrue(told)
                for each in told:
                    self.assertEqual(each, {"kubernetes.io/metadata.name": name})


# Each of `tiers` with the least that it needs.
TIERS = {"breakGlass": {}, "denyCloudMetadata": {}, "dnsForAll": {}, "tenants": {"names": ["a"]}, "baselineDefaultDeny": {}}

FREE = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}}


def free(**fields):
    return {"clusterPolicies": {"own": {"spec": FREE | fields}}}


# values that must not be rendered, and what the error names.
REFUSED = [
    ({"namespaces": {"shop": {"dsn": True}}}, "dsn"),
    ({"namespaces": {"shop": {"apiServer": True}}}, "namespaces.shop.apiServer"),
    ({"namespaces": {"Shop": {}}}, "Shop"),
    ({"namespaces": {"shop": {"defaultDeny": {"directions": ["ingress"]}}}}, "directions"),
    ({"namespaces": {"shop": {"additional": {"allow-dns": {"spec": {"podSelector": {}}}}}}}, "allow-dns"),
    ({"namespaces": {"shop": {}},
      "connections": {"allow-same-namespace": {"from": {"namespace": "shop"}, "to": {"namespace": "shop"}}}},
     "allow-same-namespace"),
    ({"namespaces": {"shop": {}},
      "connections": {"default-deny": {"from": {"namespace": "shop"}, "to": {"namespace": "shop"}}}},
     "default-deny"),
    ({"namespaces": {"shop": {}}, "connections": {"a": {"from": {"namespace": "shp"}, "to": {"namespace": "shop"}}}},
     "namespace shp is not among namespaces"),
    ({"namespaces": {"shop": {}}, "connections": {"a": {"from": {}, "to": {"namespace": "shop"}}}}, "connections.a.from"),
    ({"namespaces": {"shop": {}}, "connections": {"a": {"from": {"cidrs": []}, "to": {"namespace": "shop"}}}},
     "connections.a.from.cidrs"),
    ({"namespaces": {"shop": {}}, "connections": {"a": {"from": {"cidrs": ["10.0.0.1"]}, "to": {"namespace": "shop"}}}},
     "connections.a.from.cidrs"),
    ({"namespaces": {"shop": {"externalHttps": True}}, "externalHttps": {"cidrs": []}}, "has no peer"),
    ({"namespaces": {"shop": {"monitoring": {"ports": [70000]}}}}, "namespaces.shop.monitoring.ports"),
    ({"namespaces": {"shop": {"dns": {"ports": [{"port": "dns", "endPort": 60}]}}}}, "namespaces.shop.dns.ports"),
    ({"tiers": {"dnsForEverybody": True}}, "dnsForEverybody"),
    ({"tiers": {"dnsForAll": {"priority": 1001}}}, "tiers.dnsForAll"),
    ({"tiers": {"dnsForAll": {"ports": [{"port": 60, "endPort": 53}]}}}, "endPort 53 is below port 60"),
    ({"tiers": {"dnsForAll": True}, "dns": {"cidrs": ["169.254.20.10/32"], "ports": ["dns"]}},
     "tiers.dnsForAll: addresses (dns.cidrs) have no named ports"),
    ({"tiers": {"denyCloudMetadata": {"cidrs": []}}}, "tiers.denyCloudMetadata"),
    ({"tiers": {"denyCloudMetadata": {"cidrs": ["169.254.169.254"]}}}, "tiers.denyCloudMetadata.cidrs"),
    ({"tiers": {"tenants": True}}, "tiers.tenants: names is missing: list the values of the namespaces' label tenant"),
    ({"tiers": {"tenants": {"names": ["Team A"]}}}, "tiers.tenants.names"),
    ({"tiers": {"tenants": {"names": ["a"], "shared": {}}}}, "tiers.tenants.shared"),
    ({"tiers": {"breakGlass": {"namespaceSelector": {}}}}, "tiers.breakGlass.namespaceSelector"),
    ({"tiers": {"breakGlass": {"namespaceSelector": {"matchLabels": {}}}}}, "tiers.breakGlass.namespaceSelector"),
    ({"tiers": {"breakGlass": {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}}}, "values"),
    ({"tiers": {"baselineDefaultDeny": {"directions": []}}}, "tiers.baselineDefaultDeny.directions"),
    ({"clusterPolicies": {"deny-cloud-metadata": {"spec": FREE}}}, "deny-cloud-metadata"),
    ({"clusterPolicies": {"tenant-a": {"spec": FREE}}}, "tenant-a"),
    ({"clusterPolicies": {"own": {"spec": {"tier": "Admin", "subject": {"namespaces": {}}}}}}, "priority is required"),
    (free(tier="admin"), "clusterPolicies.own.spec.tier"),
    (free(subject={"namespaces": {}, "pods": {"podSelector": {}}}), "clusterPolicies.own.spec.subject"),
    (free(subject={"pods": {"namespaceSelector": {}}}), "podSelector is required"),
    (free(ingress=[{"action": "Allow", "from": [{"namespaces": {}}]}]), "clusterPolicies.own.spec.ingress.0.action"),
    (free(ingress=[{"action": "Deny", "from": [{"networks": ["192.0.2.0/24"]}]}]), "networks is not allowed"),
    (free(egress=[{"action": "Deny", "to": []}]), "clusterPolicies.own.spec.egress.0.to"),
    (free(egress=[{"action": "Deny", "to": [{"networks": ["192.0.2.0"]}]}]), "clusterPolicies.own.spec.egress.0.to.0.networks.0"),
    (free(egress=[{"action": "Deny", "to": [{"namespaces": {}}], "protocols": [{"tcp": {}}]}]), "destinationPort is required"),
]


class Values(unittest.TestCase):
    def test_wrong_ones_are_refused_by_name(self):
        for values, named in REFUSED:
            with self.subTest(values=values):
                rendered = charts.template("sluice-policies", values)
                self.assertNotEqual(rendered.returncode, 0, rendered.stdout)
                self.assertIn(named, rendered.stderr)

    def test_those_of_the_documentation_are_rendered(self):
        text = (charts.ROOT / "docs/kubernetes.md").read_text()
        shown = re.findall(r"^    # values.yaml\n((?:    .*\n)+)", text, re.MULTILINE)
        self.assertEqual(len(shown), 2)
        for values in shown:
            rendered = charts.template("sluice-policies", yaml.safe_load(values))
            self.assertEqual((rendered.returncode, rendered.stderr), (0, ""))
            self.assertTrue(charts.objects(rendered.stdout))

    def test_the_defaults_are_linted(self):
        linted = charts.run(charts.HELM, "lint", "--strict", str(charts.DEPLOY / "helm/sluice-policies"))
        self.assertEqual(linted.returncode, 0, linted.stdout)


if __name__ == "__main__":
    charts.need(charts.HELM)
    SLUICECTL = sys.argv.pop(1)
    unittest.main()
