#!/usr/bin/env python3
"""kubectl-sluice against a kubectl of its own on PATH, which writes down how it is called and answers as it is told.
usage: kubectl_test.py KUBECTL_SLUICE"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

PLUGIN = pathlib.Path()

# Appends its words to $CALLS as a line of JSON; then the first answer whose key all its words hold: output, errors, exit.
STANDIN = r"""#!{python}
import json, os, signal, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\n")
for needed, output, errors, code, stays in json.load(open(os.environ["ANSWERS"])):
    if all(word in sys.argv[1:] for word in needed):
        sys.stdout.write(output); sys.stdout.flush()
        sys.stderr.write(errors); sys.stderr.flush()
        if stays:
            signal.pause()  # until it is ended
        sys.exit(code)
sys.exit("no answer for " + repr(sys.argv[1:]))
"""


def pod(name, node, namespace="shop", owner=None, agent=False):
    metadata = {"namespace": namespace, "name": name}
    if owner:
        metadata |= {"labels": {"pod-template-hash": "5d4"}, "ownerReferences": [{"kind": owner[0], "name": owner[1], "controller": True}]}
    statuses = [{"name": "agent", "state": {"running": {}}}] if agent else []
    return {"metadata": metadata, "spec": {"nodeName": node} if node else {}, "status": {"containerStatuses": statuses}}


def listed(*pods):
    return json.dumps({"items": pods})


def agent(node):
    return pod(f"sluice-{node}", node, "kube-system", agent=True)


THREE = listed(*map(agent, ("n1", "n2", "n3")))
OF_SHOP = listed(pod("web", "n1"), pod("api-5d4-x", "n2", owner=("ReplicaSet", "api-5d4")), pod("new", None))
SELECTOR = "app.kubernetes.io/name=sluice"


def record(clock, node):
    return json.dumps({"time": f"2026-11-29T{clock}Z", "node": node})


class Plugin(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        kubectl = self.folder / "kubectl"
        kubectl.write_text(STANDIN.format(python=sys.executable), encoding="utf-8")
        kubectl.chmod(0o755)
        self.calls = self.folder / "calls"
        self.environment = os.environ | {"PATH": str(self.folder), "CALLS": str(self.calls), "ANSWERS": str(self.folder / "answers")}

    def answer(self, *answers):
        """Each: words that a call must have, output, errors, exit code, whether it stays."""
        whole = [(list(needed), *rest, *("", "", 0, False)[len(rest):]) for needed, *rest in answers]
        (self.folder / "answers").write_text(json.dumps(whole), encoding="utf-8")
        self.calls.write_text("")

    def run_plugin(self, *words):
        done = subprocess.run([PLUGIN, *words], capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        return done, [json.loads(line) for line in self.calls.read_text().splitlines()]

    def refused(self, *words, code=2):
        """The one line that it says."""
        done, calls = self.run_plugin(*words)
        self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (code, "", 1), done.stderr)
        self.assertFalse([call for call in calls if "exec" in call])
        return done.stderr

    def test_a_command_runs_in_the_agent_s_pod_of_its_node(self):
        self.answer((["get"], THREE), (["exec"], "as it says\n", "a warning\ncommand terminated with exit code 3\n", 3))
        done, calls = self.run_plugin("--context", "c;d $(x)", "status", "--node", "n2", "-o", "json")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "as it says\n", "a warning\n"))
        context = "--context=c;d $(x)"
        self.assertEqual(calls, [[context, "get", "pods", "--selector", SELECTOR, "--output=json", "--all-namespaces"],
                                 [context, "exec", "--namespace=kube-system", "pod/sluice-n2", "--container=agent", "--",
                                  "sluicectl", "status", "-o", "json"]])

    def test_odd_words_arrive_as_they_were(self):
        self.answer((["get"], listed(agent("n1"))), (["exec"], ""))
        odd = ["--from", "a b/$(reboot)", "--label", "x='\"\\", "--to=*", "; ls", "\u00e9\n"]
        done, calls = self.run_plugin("identities", *odd)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(calls[1][calls[1].index("identities") + 1:], odd)

    def test_pods_with_odd_names_are_none(self):
        self.answer((["get"], listed(pod("--help", "n1", "kube-system", agent=True), pod("a", "n;1", "x", agent=True))))
        self.assertIn("no agent runs", self.refused("status", code=1))

    def test_check_asks_the_node_of_each_end(self):
        self.answer((["--selector"], THREE), (["get", "--namespace=shop"], OF_SHOP),
                    (["exec", "pod/sluice-n1"], "allowed\n"), (["exec", "pod/sluice-n2"], "denied\n", "command terminated with exit code 3\n", 3))
        done, calls = self.run_plugin("check", "shop/web", "shop/api", "8080", "--protocol", "TCP")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "# node n1\nallowed\n# node n2\ndenied\n", ""))
        for call in calls[-2:]:
            self.assertEqual(call[call.index("check") + 1:], ["--port=8080", "--protocol", "TCP", "--from=shop/web", "--to=shop/api-5d4-x"])

    def test_check_of_an_address_asks_the_other_end_s_node(self):
        self.answer((["--selector"], THREE), (["get", "--namespace=shop"], OF_SHOP), (["exec", "pod/sluice-n1"], "allowed\n"))
        done, calls = self.run_plugin("check", "--from", "shop/web", "--to", "192.0.2.1", "--port", "443")
        self.assertEqual((done.returncode, done.stdout), (0, "allowed\n"))
        self.assertEqual(len([call for call in calls if "exec" in call]), 1)

    def test_observe_merges_by_time(self):
        for form, lines in (("json", lambda node, *clocks: "".join(record(clock, node) + "\n" for clock in clocks)),
                            ("text", lambda node, *clocks: "".join(f"{clock} DENIED  of {node}\n" for clock in clocks))):
            self.answer((["get"], THREE), (["pod/sluice-n1"], lines("n1", "08:00:00.100", "08:00:00.400")),
                        (["pod/sluice-n2"], lines("n2", "08:00:00.200", "08:00:00.300", "08:00:00.500")),
                        (["pod/sluice-n3"], "", "sluicectl: observe: the agent's history holds no such record\n"))
            expected = ["n1", "n2", "n2", "n1", "n2"]
            for last in (None, "2"):
                done, calls = self.run_plugin("observe", "-n", "shop", "-o", form, *(["--last", last] if last else []))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                nodes = [json.loads(line)["node"] if form == "json" else line.split()[0] for line in done.stdout.splitlines()]
                self.assertEqual(nodes, expected[-2:] if last else expected)
                self.assertEqual(calls[-1][calls[-1].index("sluicectl"):][:6], ["sluicectl", "observe", "-n", "shop", "-o", form])

    def test_observe_follows_though_a_node_is_silent(self):
        self.answer((["get"], THREE), (["pod/sluice-n1"], record("08:00:00.200", "n1") + "\n", "", 0, True),
                    (["pod/sluice-n2"], record("08:00:00.100", "n2") + "\n", "", 0, True), (["pod/sluice-n3"], "", "", 0, True))
        with subprocess.Popen([PLUGIN, "observe", "-f", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=self.environment, start_new_session=True) as running:
            try:
                self.assertEqual([json.loads(running.stdout.readline())["node"] for _ in range(2)], ["n2", "n1"])
            finally:
                os.killpg(running.pid, signal.SIGTERM)

    def test_a_node_that_fails_costs_the_others_nothing(self):
        self.answer((["get"], THREE), (["pod/sluice-n1"], record("08:00:00.100", "n1") + "\n"),
                    (["pod/sluice-n2"], "", "error: unable to upgrade connection: \x1b[2Jgone\n", 1), (["pod/sluice-n3"], ""))
        done, _ = self.run_plugin("observe", "-o", "json")
        self.assertEqual((done.returncode, done.stdout), (1, record("08:00:00.100", "n1") + "\n"))
        self.assertEqual(done.stderr, "kubectl-sluice: node n2: error: unable to upgrade connection: \\x1b[2Jgone\n")

    def test_nothing_anywhere_is_one_line(self):
        self.answer((["get"], THREE), (["exec"], "", "sluicectl: observe: the agent's history holds no such record\n"))
        done, _ = self.run_plugin("observe")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(done.stderr, "kubectl-sluice: observe: the agents' histories hold no such record\n")

    def test_one_helpful_line(self):
        self.answer((["--selector"], THREE), (["get", "--namespace=shop"], OF_SHOP), (["get"], listed()))
        for words, said in ((("status", "--node", "n9"), "no agent runs on node \"n9\": agents run on n1, n2, n3"),
                            (("status", "--node", "a\nb"), "no agent runs on node \"a\\x0ab\""),
                            (("status",), "status: give one --node: agents run on 3 nodes"),
                            (("status", "--node"), "--node: its value is missing"),
                            ((), "no command given"),
                            (("lint", "--manifests", "m"), "lint: works on files: run sluicectl lint here"),
                            (("check", "shop/nobody", "shop/api", "80"), "\"shop/nobody\": namespace shop has no pod of that name"),
                            (("check", "shop/new", "shop/api", "80"), "pod shop/new is on no node yet"),
                            (("check", "10.0.0.1", "10.0.0.2", "80"), "neither end is a pod: give --node")):
            with self.subTest(words=words):
                self.assertIn(said, self.refused(*words))

    def test_a_kubectl_that_fails_says_why(self):
        self.answer((["get"], "", "E1 noise\nThe connection to the server localhost:8080 was refused\n", 1))
        self.assertEqual(self.refused("status", code=1), "kubectl-sluice: kubectl: The connection to the server localhost:8080 was refused\n")
        self.answer((["get"], "", "", 7))
        self.assertIn("kubectl: exit 7", self.refused("status", code=1))
        self.answer((["get"], "No resources found\n"))
        self.assertIn("kubectl's answer is no JSON", self.refused("status", code=1))
        (self.folder / "kubectl").unlink()
        self.assertIn("no kubectl on PATH", self.refused("status", code=1))


if __name__ == "__main__":
    PLUGIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
