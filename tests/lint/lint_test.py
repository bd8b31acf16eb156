#!/usr/bin/env python3
"""sluicectl lint as people and scripts meet it: formats, exit codes, annotations, templates, pages, examples, size.
usage: lint_test.py SLUICECTL"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
PAGES = TREE / "docs" / "lint"
SLUICECTL = ""

POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: wbe
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
status: {podIP: 10.244.1.11}
"""
INEFFECTIVE = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
  annotations:
    note: a policy
spec:
  podSelector: {}
  policyTypes:
  - Ingress
  egress:
  - {}
"""


def run(*arguments, given="", cwd=None):
    return subprocess.run([SLUICECTL, "lint", *arguments], input=given, capture_output=True, text=True, timeout=110,
                          check=False, cwd=cwd)


def found(text, *arguments):
    """What is found in one text, as JSON."""
    return json.loads(run("--manifests", "-", "-o", "json", *arguments, given=text).stdout)


def rules(text, *arguments):
    return {finding["rule"] for finding in found(text, *arguments)}


def table():
    """Ids and levels, as --help lists them."""
    said = run("--help").stdout
    return dict(re.findall(r"^ +([a-z][a-z-]+-[a-z-]+) +(error|warning|info) ", said, re.MULTILINE))


class Exit(unittest.TestCase):
    """Exit codes and where what is said goes."""

    def check(self, given, code, *arguments):
        done = run("--manifests", "-", *arguments, given=given)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_by_level(self):
        warning = POD + "---\n" + POLICY
        self.check(warning, 0)
        self.check(warning, 3, "--fail-on", "warning")
        self.check(warning, 3, "--fail-on", "info")
        self.check(POD, 0, "--fail-on", "warning")
        self.check(POD, 3, "--fail-on", "info")
        self.check(INEFFECTIVE, 3)
        self.check("", 0, "--fail-on", "info")

    def test_bad_usage(self):
        self.check(POD, 2, "--fail-on", "nothing")
        self.check(POD, 2, "-o", "xml")
        self.assertEqual(run().returncode, 2)
        done = run("--manifests", "/nonexistent/folder")
        self.assertEqual((done.returncode, done.stderr.count("\n"), done.stdout), (2, 1, ""))
        self.check(POD, 2, "--manifests", "-")

    def test_what_is_refused_is_no_finding(self):
        done = self.check(INEFFECTIVE.replace("Ingress", "ingress"), 2, "-o", "json")
        self.assertEqual(json.loads(done.stdout), [])
        self.assertIn("NetworkPolicy shop/web: spec.policyTypes[0]", done.stderr)
        done = self.check(INEFFECTIVE + "---\nkind: [\n", 2, "-o", "json")
        self.assertEqual([one["rule"] for one in json.loads(done.stdout)], ["rules-without-effect"])

    def test_a_template_is_a_finding_and_the_rest_is_looked_at(self):
        template = "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"
        done = self.check(POD + "---\n" + POLICY + template, 3, "-o", "json")
        self.assertEqual(done.stderr, "")
        findings = {one["rule"]: one for one in json.loads(done.stdout)}
        self.assertIn("selects-no-pod", findings)
        self.assertEqual(findings["template-not-rendered"]["line"], 19)

    def test_warnings_that_are_findings_are_said_once(self):
        blocks = POLICY.replace("app: wbe", "app: web") + "  ingress:\n  - from:\n    - ipBlock: {cidr: 10.1.2.3/8}\n"
        others = "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x, namespace: shop}\n"
        self.assertEqual(self.check(POD + "---\n" + blocks + others, 0).stderr, "")
        self.assertIn("is defined in line", self.check(POD + "---\n" + POD, 0).stderr)


class Formats(unittest.TestCase):
    """What each format holds."""

    def test_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "below")
            path.mkdir()
            (path / "web.yaml").write_text(POD + "---\n" + INEFFECTIVE)
            findings = json.loads(run("--manifests", ".", "-o", "json", cwd=folder).stdout)
        self.assertEqual(findings[0] | {"message": "", "mend": ""},
                         {"rule": "rules-without-effect", "level": "error", "object": "NetworkPolicy shop/web",
                          "field": "spec.egress", "file": "./below/web.yaml", "line": 17, "message": "", "mend": ""})
        self.assertEqual(list(findings[0]), ["rule", "level", "object", "field", "file", "line", "message", "mend"])
        self.assertEqual(run("--manifests", "-", "-o", "json", given="").stdout, "[]\n")

    def test_sarif_is_valid(self):
        schema = json.loads((HERE / "sarif-2.1.0.json").read_text())
        for text in ("", POD + "---\n" + INEFFECTIVE, "metadata: {{ x }}\n"):
            log = json.loads(run("--manifests", "-", "-o", "sarif", given=text).stdout)
            jsonschema.Draft4Validator(schema).validate(log)
            run_of = log["runs"][0]
            listed = [rule["id"] for rule in run_of["tool"]["driver"]["rules"]]
            self.assertEqual(listed, list(table()))
            self.assertEqual([listed[result["ruleIndex"]] for result in run_of["results"]],
                             [one["rule"] for one in found(text)])

    def test_the_schema_refuses_what_is_no_sarif(self):
        schema = json.loads((HERE / "sarif-2.1.0.json").read_text())
        log = json.loads(run("--manifests", "-", "-o", "sarif", given=INEFFECTIVE).stdout)
        log["runs"][0]["results"][0]["level"] = "info"
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(schema).validate(log)

    def test_github(self):
        lines = run("--manifests", "-", "-o", "github", given=INEFFECTIVE).stdout.splitlines()
        self.assertTrue(lines[0].startswith("::error file=-,line=12,title=rules-without-effect::NetworkPolicy shop/web: "),
                        lines)

    def test_text(self):
        done = run("--manifests", "-", given=POD + "---\n" + INEFFECTIVE)
        self.assertTrue(done.stdout.startswith("-\n  17  error"), done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "1 error")
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(run("--manifests", "-", given="").stdout, "nothing found\n")


class Ignore(unittest.TestCase):
    """sluice.dev/lint-ignore."""

    def test_with_a_reason(self):
        text = INEFFECTIVE.replace("note: a policy", 'sluice.dev/lint-ignore: "rules-without-effect: until Monday"')
        self.assertEqual(rules(text), set())
        self.assertEqual(run("--manifests", "-", given=text).stderr, "")

    def test_what_is_wrong_in_it_is_said(self):
        done = run("--manifests", "-", given=INEFFECTIVE.replace("note: a policy", "sluice.dev/lint-ignore: nonsense"))
        self.assertIn('warning: -: document 1: NetworkPolicy shop/web: metadata.annotations["sluice.dev/lint-ignore"]: '
                      '"nonsense" is no rule', done.stderr)
        self.assertEqual(done.returncode, 3)


class Pages(unittest.TestCase):
    """A page a rule, whose first example is found and whose second is not."""

    def test_each_rule_has_one(self):
        self.assertEqual({path.stem for path in PAGES.glob("*.md")} - {"README"}, set(table()))
        self.assertGreaterEqual(len(table()), 22)

    def test_what_they_say(self):
        index = (PAGES / "README.md").read_text()
        summaries = dict(re.findall(r"^ +([a-z-]+) +(?:error|warning|info) +(.*)$", run("--help").stdout, re.MULTILINE))
        for rule, level in table().items():
            with self.subTest(rule):
                page = (PAGES / f"{rule}.md").read_text()
                self.assertTrue(page.startswith(f"# {rule}\n\nLevel: {level}. Finds: {summaries[rule]}.\n"), page[:200])
                self.assertIn(f"| [{rule}]({rule}.md) | {level} | {summaries[rule]} |", index)
                bad, good = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
                with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as names:
                    names.write("".join(re.findall(r"```json\n(.*?)```", page, re.DOTALL)))
                    names.flush()
                    self.assertIn(rule, rules(bad, "--names", names.name))
                    self.assertNotIn(rule, rules(good, "--names", names.name))


class Tree(unittest.TestCase):
    """What the project itself holds, and how long much takes."""

    def test_examples_say_nothing_above_info(self):
        folders = sorted(path for path in (TREE / "examples").glob("*/manifests"))
        self.assertGreater(len(folders), 16)
        for folder in folders:
            with self.subTest(folder.parent.name):
                done = run("--manifests", str(folder), "--fail-on", "warning")
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_thousands(self):
        many = 3000
        pods = "---\n".join(POD.replace("web-1", f"web-{i}").replace("app: web", f"app: web-{i}")
                            .replace("10.244.1.11", f"10.{i // 65536}.{i // 256 % 256}.{i % 256}") for i in range(many))
        policies = "---\n".join(
            INEFFECTIVE.replace("name: web", f"name: web-{i}")
            .replace("- {}", f"- to: [{{podSelector: {{matchLabels: {{app: web-{i}}}}}}}]") for i in range(many))
        done = run("--manifests", "-", "-o", "json", given=pods + "---\n" + policies)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(sum(one["rule"] == "rules-without-effect" for one in json.loads(done.stdout)), many)


if __name__ == "__main__":
    SLUICECTL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
