#!/usr/bin/env python3
"""Manifests that are large, deep, many or odd, through sluicectl and under a limit of memory: each costs what its size says,
is told in a line of bounded length that names where, and everything beside it counts.
usage: manifests_test.py SLUICECTL [NAME...]"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

SLUICECTL = ""
VERBOSE = "SLUICE_VERBOSE" in os.environ
MIB = 1 << 20
# Of address space and of processor time. Several times what the dearest of these takes: a bound of the work, no measurement.
MEMORY, SECONDS = 1024 * MIB, 20
LONGEST_LINE = 4000
MOST_LINES = 2010
BYTES = 64 * MIB  # the largest file that is read (agent/source/folder/folder_listing.h)
PROBE = json.dumps({"from": "shop/a", "to": "shop/b", "port": 80}) + "\n"

# An isolated pod b and a pod a, of which one answer is known: denied.
WORLD = """apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: b}}}
"""


def policy(name, spec):
    return ("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: shop}\nspec: %s\n"
            % (name, spec))


def with_label(key, value):
    return json.dumps({"apiVersion": "v1", "kind": "Pod",
                       "metadata": {"name": "x", "namespace": "shop", "labels": {key: value}}})


def bombs():
    """Each level ten of the one before; and merge keys, whose work is not in what comes out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    yield "aliases", "\n".join(lines) + "\n"
    keys = "{" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}"
    again = "[" + ", ".join(["*a"] * 3900) + "]"
    yield "merged", f"a: &a {keys}\n" + "".join(f"m{i}: {{<<: {again}}}\n" for i in range(1000))


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


class Manifests(unittest.TestCase):
    """A file of hostile text beside a small cluster."""

    def ask(self, text):
        """Asks one question of both; its answer is as without the text. Returns the lines on standard error."""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "world.yaml").write_text(WORLD)
            pathlib.Path(folder, "odd.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

            with open(pathlib.Path(folder, "probe"), "w+b") as probe, tempfile.TemporaryFile() as out, \
                    tempfile.TemporaryFile() as errors:
                probe.write(PROBE.encode())
                probe.seek(0)
                child = subprocess.Popen([SLUICECTL, "eval", "--manifests", folder, "--probes", "-"], stdin=probe, stdout=out,
                                         stderr=errors, preexec_fn=limited)
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                out.seek(0)
                errors.seek(0)
                answer, said = out.read(), errors.read()
        if VERBOSE:
            print(f"{self.id().split('.')[-1]}: {len(text) / MIB:.1f} MiB of text, {used.ru_maxrss // 1024} MiB, {used.ru_utime:.1f} s")
        self.assertIn(child.returncode, (0, 2), said[:1000])
        self.assertEqual(json.loads(answer)["verdict"], "deny")
        lines = said.decode().splitlines()
        self.assertLess(len(lines), MOST_LINES)
        self.assertLess(max(map(len, lines), default=0), LONGEST_LINE)
        return lines

    def one_line(self, text, *words):
        """It is refused in one line, which says each of the words."""
        found = [line for line in self.ask(text) if "odd.yaml" in line]
        self.assertEqual(len(found), 1, found[:5])
        for word in words:
            self.assertIn(word, found[0])

    def test_a_file_of_100_mb(self):
        self.one_line("a: " + "x" * (100 * MIB), "is larger than 64 MiB")

    def test_a_file_that_just_fits(self):
        self.one_line("a: " + "x" * (BYTES - 16), "odd.yaml")
        self.one_line('{"a": "' + "x" * (BYTES - 16) + '"}', "odd.yaml")

    def test_nested(self):
        deep = 100_000
        self.one_line("a: " + "[" * deep, "nested more than 64 levels deep")
        self.one_line('{"a": ' * deep, "nested more than 64 levels deep")
        self.one_line("[" * deep + "]" * deep, "nested more than 64 levels deep")
        self.one_line("".join(" " * i + "a:\n" for i in range(2000)), "nested more than 64 levels deep")
        self.one_line("- " * deep, "nested more than 64 levels deep")
        self.one_line("? " * deep, "odd.yaml")

    def test_bombs(self):
        for name, text in bombs():
            with self.subTest(name):
                self.one_line(text, "values")

    def test_a_million_documents(self):
        self.ask("---\n" * 1_000_000)
        self.ask("--- {}\n" * 300_000)
        self.ask("--- x\n" * 100_000)
        self.ask("{}" * 1_000_000)

    def test_a_million_items(self):
        self.ask('{"apiVersion": "v1", "kind": "List", "items": [' + ",".join(["{}"] * 1_000_000) + "]}")
        self.ask('{"apiVersion": "v1", "kind": "PodList", "items": [' + ",".join(["null"] * 200_000) + "]}")
        self.ask("apiVersion: v1\nkind: List\nitems:\n" + "-\n" * 200_000)

    def test_a_million_kinds(self):
        self.ask("".join(f"---\nkind: K{i}\napiVersion: x/v1\n" for i in range(50_000)))

    def test_a_policy_of_a_million_faults(self):
        rules = "[" + ",".join(['{"from": [{}]}'] * 200_000) + "]"
        self.one_line(policy("faults", '{"podSelector": {}, "ingress": %s}' % rules), "NetworkPolicy shop/faults",
                      "spec.ingress[0].from[0]")

    def test_100_000_policies(self):
        self.assertEqual(self.ask("".join(json.dumps({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": f"p{i}", "namespace": "shop"},
            "spec": {"podSelector": {"matchLabels": {"app": "b"}},
                     "ingress": [{"from": [{"podSelector": {"matchLabels": {"x": f"{i}"}}}], "ports": [{"port": i % 65000 + 1}]}]}})
            for i in range(100_000))), [])

    def test_50_000_cidrs(self):
        cidrs = [f"10.{i // 256 % 256}.{i % 256}.{i // 65536}/32" for i in range(50_000)]
        blocks = json.dumps([{"ipBlock": {"cidr": cidr}} for cidr in cidrs if cidr != "10.0.0.1/32"])
        excepts = json.dumps([{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.1/32", *cidrs]}}])
        for peers in (blocks, excepts):
            self.assertEqual(self.ask(policy("cidrs", '{"podSelector": {"matchLabels": {"app": "b"}}, "ingress": [{"from": %s}]}'
                                             % peers)), [])

    def test_names_at_their_limits(self):
        for length, taken in ((253, True), (254, False)):
            found = [line for line in self.ask(policy("n" * length, "{podSelector: {}}")) if "odd.yaml" in line]
            self.assertEqual(not found, taken, found)

    def test_labels_at_their_limits(self):
        for key, value, taken in (("k" * 63, "v" * 63, True), ("k" * 64, "v", False), ("k", "v" * 64, False),
                                  ("a" * 253 + "/k", "v", True), ("a" * 254 + "/k", "v", False), ("", "v", False),
                                  ("k", "", True), ("a/b/c", "v", False), ("k", "a\x00b", False), ("k\x00", "v", False),
                                  ("k", "\u202ev", False), ("k", "v\n", False), ("k", "v" * MIB, False), ("k" * MIB, "v", False)):
            with self.subTest(key=key[:5], value=value[:5]):
                found = [line for line in self.ask(with_label(key, value)) if "odd.yaml" in line]
                self.assertEqual(not found, taken, found)
                for line in found:
                    self.assertIn("Pod shop/x: metadata.labels[", line)

    def test_bytes_that_are_no_text(self):
        for data in (b"a: \x00", b"a: \xff\xfe", b"\x80" * MIB, b"a: \xed\xa0\x80", b"\xff\xfea\x00:\x00", b"\x04kind: x"):
            with self.subTest(data=data[:8]):
                self.one_line(data, "line 1")


if __name__ == "__main__":
    SLUICECTL = sys.argv.pop(1)
    unittest.main(verbosity=1)
