#!/usr/bin/env python3
"""The chart sluice-policies: what helm renders for each row of policies/ gives the matrix that the row intends, laid
over policies/world.yaml, in the eyes of sluicectl.
usage: policies_chart_test.py SLUICECTL"""

import json
import pathlib
import sys
import tempfile
import unittest

import charts
import yaml

SLUICECTL = ""
ROWS = pathlib.Path(__file__).parent / "policies"
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


def verdicts(folder, probes):
    lines = [json.dumps({"id": index, "protocol": "TCP"} | {key: value for key, value in probe.items() if key != "verdict"})
             for index, probe in enumerate(probes)]
    path = pathlib.Path(folder) / "probes.jsonl"
    path.write_text("\n".join(lines) + "\n")
    reply = charts.run(SLUICECTL, "eval", "--manifests", folder, "--probes", str(path), "--engine", "reference")
    return [json.loads(line).get("verdict", line) for line in reply.stdout.splitlines()]


def rows():
    return sorted(path for path in ROWS.glob("*.yaml") if path.name != "world.yaml")


class Patterns(unittest.TestCase):
    maxDiff = None

    def lay_out(self, folder, values):
        rendered = charts.template("sluice-policies", values)
        self.assertEqual(rendered.returncode, 0, rendered.stderr)
        (pathlib.Path(folder) / "policies.yaml").write_text(rendered.stdout)
        (pathlib.Path(folder) / "world.yaml").write_text((ROWS / "world.yaml").read_text())

    def test_each_gives_the_matrix_that_it_intends(self):
        self.assertTrue(rows())
        for path in rows():
            row = yaml.safe_load(path.read_text())
            self.assertTrue(row.get("matrix") or row.get("probes"), f"{path.name} intends nothing")
            with tempfile.TemporaryDirectory() as folder:
                self.lay_out(folder, row["values"])
                for probed, table in row.get("matrix", {}).items():
                    with self.subTest(row=path.stem, what=row["what"], probed=probed):
                        self.assertEqual(found(folder, *probed.split()), intended(table))
                with self.subTest(row=path.stem, what=row["what"], probed="addresses"):
                    probes = row.get("probes", [])
                    self.assertEqual(verdicts(folder, probes) if probes else [], [probe["verdict"] for probe in probes])

    def test_no_two_policies_of_a_rendering_share_a_name(self):
        for path in rows():
            rendered = charts.template("sluice-policies", yaml.safe_load(path.read_text())["values"])
            names = [(each["metadata"]["namespace"], each["metadata"]["name"])
                     for each in charts.objects(rendered.stdout)]
            with self.subTest(row=path.stem):
                self.assertEqual(len(names), len(set(names)))


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
]


class Values(unittest.TestCase):
    def test_wrong_ones_are_refused_by_name(self):
        for values, named in REFUSED:
            with self.subTest(values=values):
                rendered = charts.template("sluice-policies", values)
                self.assertNotEqual(rendered.returncode, 0, rendered.stdout)
                self.assertIn(named, rendered.stderr)

    def test_the_defaults_are_linted(self):
        linted = charts.run(charts.HELM, "lint", "--strict", str(charts.DEPLOY / "helm/sluice-policies"))
        self.assertEqual(linted.returncode, 0, linted.stdout)


if __name__ == "__main__":
    charts.need(charts.HELM)
    SLUICECTL = sys.argv.pop(1)
    unittest.main()
