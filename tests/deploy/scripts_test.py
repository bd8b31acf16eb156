#!/usr/bin/env python3
"""The scripts of deploy/: shellcheck, what they do in which order with tools that only write down how they are called,
and what they say where something is missing."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

import charts

SCRIPTS = sorted(charts.DEPLOY.glob("**/*.sh"))
CLUSTER = charts.DEPLOY / "kind/cluster.sh"

# A tool that answers what its case says and writes its call into $CALLS.
STANDIN = """#!/bin/bash
echo "{tool} $*" >>"$CALLS"
case "$*" in
{answers}
esac
"""
ANSWERS = {
    "docker": '*"nft list tables inet"*) printf "table inet kindnet-network-policies\\ntable inet kube-proxy\\n" ;;',
    "kind": '"get nodes"*) printf "n1\\nn2\\n" ;;\n"get clusters") echo "${CLUSTERS:-}" ;;',
    "kubectl": '*"get clusterrole kindnet"*) echo 3 ;;',
    "helm": '*) ;;',
}


class Scripts(unittest.TestCase):
    def test_shellcheck(self):
        if shutil.which("shellcheck") is None:
            self.skipTest("no shellcheck")
        # What they source is named by its place in the tree.
        reply = subprocess.run(["shellcheck", *(str(script.relative_to(charts.ROOT)) for script in SCRIPTS)], cwd=charts.ROOT,
                               capture_output=True, text=True, check=False)
        self.assertEqual(reply.returncode, 0, reply.stdout)

    def test_help_of_those_that_take_options(self):
        for script in (CLUSTER, charts.DEPLOY / "image/build.sh", charts.DEPLOY / "image/root.sh",
                       charts.DEPLOY / "helm/render.sh", charts.DEPLOY / "test/real-apiserver.sh"):
            with self.subTest(script=script.name):
                reply = charts.run(str(script), "--help")
                self.assertEqual((reply.returncode, reply.stderr), (0, ""))
                self.assertIn("usage:", reply.stdout)


class Cluster(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.calls = self.folder / "calls"
        self.image = self.folder / "image.tar"
        self.image.touch()
        for tool, answers in ANSWERS.items():
            path = self.folder / tool
            path.write_text(STANDIN.format(tool=tool, answers=answers))
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run_cluster(self, *arguments, **environment):
        self.calls.write_text("")
        reply = subprocess.run([str(CLUSTER), *arguments], capture_output=True, text=True, timeout=60, check=False,
                               env=os.environ | {"PATH": f"{self.folder}:/usr/bin:/bin", "CALLS": str(self.calls)} | environment)
        return reply, self.calls.read_text().splitlines()

    def test_up_in_order(self):
        for family in ("ipv4", "ipv6", "dual"):
            with self.subTest(family=family):
                reply, calls = self.run_cluster("up", "--family", family, "--image", str(self.image))
                self.assertEqual(reply.returncode, 0, reply.stderr)
                steps = ["kind create cluster", "sluice-bpffs.service n1:/etc/systemd/system/", "n2 systemctl enable --now sluice-bpffs.service", "patch clusterrole kindnet",
                         "nft delete table inet kindnet-network-policies", "kind load image-archive", "helm install sluice",
                         "rollout status daemonset sluice"]
                at = [next(index for index, call in enumerate(calls) if step in call) for step in steps]
                self.assertEqual(at, sorted(at))
                self.assertIn(f"cluster-{family}.yaml", calls[at[0]])
                self.assertIn("/rules/3", calls[at[3]])
                self.assertFalse([call for call in calls if "delete table inet kube-proxy" in call])

    def test_a_node_that_is_started_again_mounts_its_bpffs_before_the_kubelet_runs_pods(self):
        unit = (charts.DEPLOY / "kind/sluice-bpffs.service").read_text()
        settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
        self.assertEqual(settings["ExecStart"], "/bin/mount -t bpf bpf /sys/fs/bpf")
        self.assertIn("kubelet.service", settings["Before"].split())
        self.assertEqual(settings["WantedBy"], "multi-user.target")
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze")
        with tempfile.TemporaryDirectory() as folder:
            path = shutil.copy(charts.DEPLOY / "kind/sluice-bpffs.service", folder)
            reply = charts.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path)
        self.assertEqual((reply.returncode, reply.stderr), (0, ""))

    def test_kubectl_and_helm_only_ever_touch_this_cluster(self):
        _, calls = self.run_cluster("up", "--image", str(self.image), "--name", "mine")
        for call in calls:
            if call.startswith("kubectl"):
                self.assertIn("--context kind-mine", call)
            if call.startswith("helm"):
                self.assertIn("--kube-context kind-mine", call)

    def test_what_it_refuses(self):
        for arguments, environment, said in (
                (("up", "--image", "nowhere.tar"), {}, "no nowhere.tar"),
                (("up", "--family", "ipv5", "--image", str(self.image)), {}, "--family ipv5"),
                (("up", "--image", str(self.image)), {"CLUSTERS": "sluice"}, "is there already"),
                (("examples", "--programs", "/nowhere"), {}, "no /nowhere/sluicectl"),
                (("up", "--name"), {}, "--name needs a value"),
                (("go",), {}, "'go' is no command"),
                (("up", "--fast"), {}, "'--fast' is no option")):
            with self.subTest(arguments=arguments):
                reply, calls = self.run_cluster(*arguments, **environment)
                self.assertEqual(reply.returncode, 2)
                self.assertIn(said, reply.stderr)
                self.assertEqual(len(reply.stderr.splitlines()), 1)
                self.assertFalse([call for call in calls if "create" in call])

    def test_missing_tools_by_name(self):
        for tool in ("kind", "helm"):
            (self.folder / tool).rename(self.folder / f"no-{tool}")
            with self.subTest(tool=tool):
                reply = subprocess.run([str(CLUSTER), "up"], capture_output=True, text=True, timeout=60, check=False,
                                       env={"PATH": f"{self.folder}:/usr/bin:/bin", "CALLS": str(self.calls)})
                self.assertEqual((reply.returncode, reply.stderr),
                                 (2, f"cluster: no {tool}: install it, or put it into PATH\n"))
            (self.folder / f"no-{tool}").rename(self.folder / tool)


class Image(unittest.TestCase):
    def test_what_it_refuses(self):
        with tempfile.TemporaryDirectory() as folder:
            for arguments, said in ((("--programs", folder), "has no sluiced"), ((), "--programs DIR is needed"),
                                    (("--fast",), "'--fast' is no option")):
                with self.subTest(arguments=arguments):
                    reply = charts.run(str(charts.DEPLOY / "image/build.sh"), *arguments)
                    self.assertEqual(reply.returncode, 2)
                    self.assertIn(said, reply.stderr)


if __name__ == "__main__":
    unittest.main()
