#!/usr/bin/env python3
"""Objects, names and files that hold what a terminal, a browser or graphviz would obey, through every command of sluicectl
that reads files: nothing of it comes out as it went in.
usage: terminal_test.py SLUICECTL [NAME...]"""

import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

SLUICECTL = ""
MARKUP = "<script>alert(1)</script>"
LONGEST_LINE = 4000
# Sets a title, clears, forges a line, turns text round, C1 controls, a NUL, no width; then what HTML, XML and DOT obey.
HOSTILE = ("\x1b]0;owned\x07\x1b[2J\r\nsluicectl: forged\u202e\u2066\u0085\u009b31m\x7f\x00\u200b\u2028" + MARKUP +
           "\"];}'&<!--]]>\\N%0A::error::" + "A" * 5000)
# Of a text that no JSON or YAML can hold: names of files.
NAME_OF_FILE = b"a\x1b[2J\xe2\x80\xae\xc2\x9b31m\xff<b>.yaml"

WORLD = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
     "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}},
    *({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
       "spec": {"nodeName": "n1", "containers": [{"ports": [{"name": "web", "containerPort": 80}]}]},
       "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]}}
      for name, ip in (("a", "10.0.0.1"), ("b", "10.0.0.2"))),
]
# Each text in them is made hostile in turn, and each map gets a hostile key.
TEMPLATES = [
    {"apiVersion": "v1", "kind": "Pod",
     "metadata": {"name": "t", "namespace": "shop", "uid": "u", "labels": {"app": "t"},
                  "annotations": {"sluice.dev/observe": "allowed", "sluice.dev/flows": "10",
                                  "sluice.dev/source-prefixes": "10.9.0.0/24"},
                  "ownerReferences": [{"kind": "ReplicaSet", "name": "r", "controller": True}],
                  "creationTimestamp": "2026-01-01T00:00:00Z"},
     "spec": {"nodeName": "n1", "containers": [{"name": "c", "ports": [
         {"name": "web", "containerPort": 80, "protocol": "TCP", "hostPort": 8080, "hostIP": "192.0.2.1"}]}]},
     "status": {"phase": "Running", "podIP": "10.0.0.3", "conditions": [{"type": "Ready", "status": "True"}]}},
    {"apiVersion": "v1", "kind": "Namespace",
     "metadata": {"name": "t", "labels": {"team": "x"}, "annotations": {"sluice.dev/mode": "audit"}}},
    {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "t", "labels": {"a": "b"}},
     "spec": {"podCIDR": "10.1.0.0/24"}, "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.2"}]}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t", "namespace": "shop"},
     "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "externalIPs": ["192.0.2.7"], "selector": {"app": "a"},
              "externalName": "x.example", "ports": [
                  {"name": "web", "protocol": "TCP", "port": 80, "targetPort": "web"}]}},
    {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
     "metadata": {"name": "t", "namespace": "shop", "labels": {"kubernetes.io/service-name": "t"}},
     "ports": [{"name": "web", "protocol": "TCP", "port": 80}],
     "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": "n1", "targetRef": {"kind": "Pod", "name": "a"}}]},
    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
     "metadata": {"name": "t", "namespace": "shop",
                  "annotations": {"sluice.dev/mode": "enforce", "sluice.dev/active": "Mon-Fri 08:00-18:00",
                                  "sluice.dev/policy-log-level": "all", "sluice.dev/lint-ignore": "allows-everything: x"}},
     "spec": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]},
              "policyTypes": ["Ingress"],
              "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}},
                                    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                           "ports": [{"protocol": "TCP", "port": "web"}]}]}},
    {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy", "metadata": {"name": "t"},
     "spec": {"tier": "Admin", "priority": 1, "subject": {"pods": {"namespaceSelector": {}, "podSelector": {}}},
              "ingress": [{"name": "first", "action": "Deny", "from": [{"namespaces": {"matchLabels": {"no": "one"}}}]}],
              "egress": [{"name": "out", "action": "Accept", "to": [{"networks": ["203.0.113.0/24"]},
                                                                    {"domainNames": ["www.example.com"]}],
                          "protocols": [{"tcp": {"destinationPort": {"number": 80}}}]}]}},
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "t", "namespace": "shop"},
     "spec": {"selector": {"matchLabels": {"app": "t"}},
              "template": {"metadata": {"labels": {"app": "t"}}, "spec": {"containers": [{"name": "c"}]}}}},
    {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "t", "namespace": "shop"},
     "spec": {"description": "d", "endpointSelector": {"matchLabels": {"app": "a"}},
              "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "b"}}],
                           "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}]}},
    {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": {"name": "t", "namespace": "shop"},
     "spec": {"selector": "app == 'a'", "types": ["Ingress"],
              "ingress": [{"action": "Allow", "source": {"selector": "app == 'b'"}}]}},
]


def variants(value):
    """The value with each of its texts made hostile, and each of its maps with a hostile key, one at a time."""
    if isinstance(value, str):
        yield HOSTILE
    elif isinstance(value, list):
        for i, item in enumerate(value):
            for changed in variants(item):
                yield [*value[:i], changed, *value[i + 1:]]
    elif isinstance(value, dict):
        yield {**value, HOSTILE: "x"}
        for key, item in value.items():
            for changed in variants(item):
                yield {**value, key: changed}


def hostile_objects():
    number = 0
    for template in TEMPLATES:
        for changed in variants(template):
            changed = copy.deepcopy(changed)
            if isinstance(changed.get("metadata"), dict) and changed["metadata"].get("name") == "t":
                changed["metadata"]["name"] = f"t{number}"
            number += 1
            yield changed


# The one free text that the model keeps: a rule's name. It decides here, so that answers name it.
NAMED_RULE = {**copy.deepcopy(TEMPLATES[6]), "metadata": {"name": "named"}}
NAMED_RULE["spec"].update({"priority": 0, "egress": [], "ingress": [
    {"name": HOSTILE[:60] + MARKUP, "action": "Deny", "from": [{"namespaces": {}}]}]})


def fault_of(output):
    """What of it a terminal would obey, or nobody sees; none: a newline may stand."""
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"is no UTF-8: {error}"
    for line in text.split("\n"):
        for c in line:
            if c != "\t" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
                return f"has U+{ord(c):04X}: {line[:300]!r}"
    return None


class Terminal(unittest.TestCase):
    """One folder of hostile manifests, and what each command makes of it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.hostile, cls.sound = cls.dir / "hostile", cls.dir / "sound"
        for path, objects in ((cls.hostile, [*WORLD, NAMED_RULE, *hostile_objects()]), (cls.sound, [*WORLD, NAMED_RULE])):
            path.mkdir()
            (path / "all.json").write_text("\n".join(json.dumps(each) for each in objects))
        with open(os.path.join(os.fsencode(cls.hostile), NAME_OF_FILE), "w", encoding="utf-8") as file:
            file.write("kind: [")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def file(self, name, *lines):
        path = self.dir / name
        path.write_text("".join(line + "\n" for line in lines))
        return str(path)

    def run_it(self, *arguments, shows=None, codes=range(0, 4), **more):
        """Runs it; asserts on all that it says, and that it says `shows`."""
        done = subprocess.run([SLUICECTL, *arguments], capture_output=True, timeout=60, check=False, **more)
        self.assertIn(done.returncode, codes, done.stderr[:500])
        for output in (done.stdout, done.stderr):
            self.assertIsNone(fault_of(output), arguments)
        if shows is not None:
            self.assertIn(shows, done.stdout + done.stderr)
        return done

    def each(self, commands, manifests, shows=None):
        for command in commands:
            with self.subTest(command=command):
                self.run_it(*command, "--manifests", str(manifests), shows=shows)

    def test_questions(self):
        probes = self.file("probes", json.dumps({"id": HOSTILE, "from": "shop/a", "to": "shop/b", "port": 80}),
                           json.dumps({"from": HOSTILE, "to": "shop/b", "port": 80}), "\x1b[2J\u202e", "{")
        ask = ["check", "--from", "shop/a", "--to", "shop/b", "--port", "80"]
        commands = [["eval", "--probes", probes], ["matrix"], ["matrix", "-o", "json"], ["matrix", "--named-ports"],
                    *([*ask, "-o", form] for form in ("text", "json", "yaml")), [*ask, "--trace"], [*ask, "--fix"]]
        self.each(commands, self.hostile)
        self.each([[*ask, "--held", "--accept-cilium", "--cluster", "10.0.0.0/16"]], self.hostile)
        self.each([ask], self.sound, shows=rb"\x1b]0;owned")

    def test_problems_are_lines_of_bounded_length(self):
        done = self.run_it("matrix", "--manifests", str(self.hostile))
        longest = max(done.stderr.decode().split("\n"), key=len)
        self.assertLess(len(longest), LONGEST_LINE, longest[:1000])
        for line in done.stderr.decode().splitlines():
            self.assertTrue(line.startswith("sluicectl: "), line[:300])
            self.assertFalse(line.startswith("sluicectl: forged"), line[:300])

    def test_lint(self):
        self.each([["lint", "-o", form] for form in ("text", "json", "sarif", "github")], self.hostile)
        done = self.run_it("lint", "-o", "github", "--manifests", str(self.hostile))
        for line in done.stdout.decode().splitlines():
            self.assertRegex(line, "^::(error|warning|notice) file=")

    def test_pictures(self):
        for manifests in (self.hostile, self.sound):
            for command in (["graph", "-o", "html"], ["matrix", "-o", "html"], ["graph", "-o", "dot"], ["graph", "-o", "svg"]):
                if command[0] == "graph" and command[2] != "dot" and shutil.which("dot") is None:
                    continue
                with self.subTest(command=command):
                    done = self.run_it(*command, "--manifests", str(manifests))
                    self.assertNotIn(MARKUP.encode(), done.stdout if command[2] != "dot" else b"")

    def test_differences(self):
        for form in ("text", "json", "markdown", "html"):
            with self.subTest(form=form):
                done = self.run_it("diff", "--manifests", str(self.sound), "--with", str(self.hostile), "-o", form)
                if form in ("markdown", "html"):
                    self.assertNotIn(MARKUP.encode(), done.stdout)

    def test_expectations(self):
        rows = [{"name": HOSTILE, "from": "shop/a", "to": "shop/b", "port": 80, "expect": "allow"},
                {"name": "x", "from": "shop/a", "to": "shop/b", "port": 80, "expect": HOSTILE},
                {"name": "x", "from": HOSTILE, "to": "shop/b", "port": 80, "expect": "deny"},
                {"name": "x", HOSTILE: 1}]
        for number, row in enumerate(rows):
            file = self.file(f"expect{number}.yaml", json.dumps([row]))
            for form in ("text", "tap", "junit"):
                with self.subTest(row=number, form=form):
                    done = self.run_it("test", file, "--manifests", str(self.sound), "-o", form)
                    if form == "junit":
                        self.assertNotIn(MARKUP.encode(), done.stdout)

    def test_flows(self):
        flow = {"time": "2026-11-29T08:00:00.000Z", "verdict": "denied", "direction": "ingress", "protocol": "TCP",
                "source": {"namespace": "shop", "pod": "a", "ip": "10.0.0.1", "port": 40000},
                "destination": {"namespace": "shop", "pod": "b", "ip": "10.0.0.2", "port": 80}, "reason": "no_rule",
                "isolated_by": ["shop/x"], "id": "1f-12"}
        flows = self.file("flows.jsonl", json.dumps(flow), *(json.dumps(changed) for changed in variants(flow)), "\x1b[2J")
        for form in ("text", "json"):
            self.run_it("replay", flows, "--with", str(self.sound), "-o", form)
        self.run_it("suggest", "--from", flows, "--manifests", str(self.sound))

    def test_policies_of_others(self):
        for kind, template in (("cilium", TEMPLATES[8]), ("calico", TEMPLATES[9])):
            objects = [{**each, "metadata": {**each["metadata"], "name": f"t{i}"}}
                       if isinstance(each.get("metadata"), dict) and each["metadata"].get("name") == "t" else each
                       for i, each in enumerate(variants(template))]
            for arguments in (["--lossy"], []):
                for each in (objects, [template]):
                    text = "\n".join(json.dumps(one) for one in each)
                    with self.subTest(kind=kind, arguments=arguments):
                        self.run_it("convert", "--from", kind, "--cluster", "10.0.0.0/16", *arguments, input=text.encode())

    def test_what_is_asked(self):
        said = HOSTILE.replace("\x00", "")
        manifests = ["--manifests", str(self.sound)]
        names = self.file("names", json.dumps({"name": HOSTILE, "addresses": ["203.0.113.9"]}))
        for arguments in (["check", "--from", said, "--to", "shop/b", *manifests],
                          ["check", "--from", "shop/a", "--to", "shop/b", "--port", "80", "--at", said, *manifests],
                          ["check", "--from", "shop/a", "--to", "shop/b", "--port", said, *manifests],
                          ["check", "--from", "shop/a", "--to", "shop/b", "--port", "80", "--names", names, *manifests],
                          ["graph", "-n", said, "-o", "dot", *manifests], ["matrix", "--manifests", said[:200]], [said], ["--" + said],
                          ["status", "--socket", "/tmp/" + said[:60]], ["observe", "--from", said, "--socket", "/nowhere"]):
            with self.subTest(arguments=arguments[0][:20]):
                self.run_it(*arguments)

    def test_standard_input(self):
        for data in (HOSTILE.encode(), b"\xff\x9b", b"kind: \"\\e[2J\\u202e\"\napiVersion: \"\\e[2J\"\nmetadata: {name: \"\\e[2J\"}",
                     b"a: \x1b[2J", b"{\"a\": \"\x1b\"}", b"- \xe2\x80\xae: [", b"\xe2\x80\xae: &\xe2\x80\xae x\nb: *\xe2\x80\xad"):
            with self.subTest(data=data[:20]):
                self.run_it("matrix", "--manifests", "-", input=data)


if __name__ == "__main__":
    SLUICECTL = sys.argv.pop(1)
    unittest.main(verbosity=1)
