#!/usr/bin/env python3
"""The image's root as deploy/image/root.sh lays it out from these programs, and each container of deploy/sluice.yaml and
deploy/sluice-remove.yaml started in it with the user and capabilities that the manifest gives: they are enough to
enforce, to chain the CNI plugin and to undo both, and no others are there. Root.
usage: image_test.py PROGRAMS"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import charts
import container
import materials
import yaml

PROGRAMS = pathlib.Path()
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = charts.ROOT / "examples/06-three-tier/manifests"
BPFFS = pathlib.Path("/sys/fs/bpf/sluice-image-test")
# Beside the manifest's own: ports and pins of the test's own, so that an agent of this machine is not disturbed.
AGENT = (f"--bpffs=/bpffs/{BPFFS.name}", "--metrics=127.0.0.1:29619")
WATCHER = ("--metrics=127.0.0.1:29620",)
BASE = {"cniVersion": "1.0.0", "name": "net", "plugins": [{"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.1.0.0/24"}}]}
DEADLINE = 30.0
INSTALL = charts.objects((charts.DEPLOY / "sluice.yaml").read_text())
REMOVE = charts.objects((charts.DEPLOY / "sluice-remove.yaml").read_text())


def setUpModule():
    """Where systemd has mounted no BPF file system: for as long as the tests."""
    if not BPFFS.parent.is_mount():
        charts.run("mount", "-t", "bpf", "bpf", str(BPFFS.parent)).check_returncode()
        unittest.addModuleCleanup(charts.run, "umount", str(BPFFS.parent))


def becomes(holds, process):
    """Whether `holds` comes to be true before the process ends, and in time."""
    end = time.monotonic() + DEADLINE
    while not holds():
        try:
            process.wait(timeout=0.05)
            return False
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                return False
    return True


def answer(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def process_status(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


class InRoot(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-image-")))
        self.root = self.folder / "root"
        reply = charts.run(str(charts.DEPLOY / "image/root.sh"), "--programs", str(PROGRAMS), "--libs-from", "/",
                           "--out", str(self.root))
        self.assertEqual(reply.returncode, 0, reply.stderr)

    def inside(self, *command):
        return charts.run("chroot", str(self.root), *command)


class Root(InRoot):
    def test_every_program_runs_and_tells_its_version(self):
        for program in ("sluiced", "sluice-watcher", "sluicectl", "sluice-cni"):
            with self.subTest(program=program):
                reply = self.inside(f"/usr/bin/{program}", "--version")
                self.assertEqual((reply.returncode, reply.stderr), (0, ""))
                self.assertRegex(reply.stdout, rf"^{program} [0-9]+\.[0-9]+\.[0-9]+\n$")

    def test_nothing_else_to_run(self):
        programs = [path.name for path in (self.root / "usr/bin").iterdir()]
        self.assertEqual(sorted(programs), ["sluice-cni", "sluice-watcher", "sluicectl", "sluiced"])
        for path in self.root.rglob("*"):
            if not path.is_symlink():
                self.assertFalse(path.stat().st_mode & 0o6000, f"{path} is setuid or setgid")
        self.assertLess(sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()),
                        80 << 20)

    def test_the_bill_of_materials_names_every_library(self):
        made = materials.checked((self.root / "usr/share/doc/sluice/sbom.cdx.json").read_text())
        self.assertEqual(materials.programs(made), ["sluice-cni", "sluice-watcher", "sluicectl", "sluiced"])
        for program in materials.programs(made):
            self.assertEqual(materials.digest(made, program), hashlib.sha256((self.root / f"usr/bin/{program}").read_bytes()).hexdigest())
        named = {each["name"] for each in made["components"]}
        for path in (self.root / "usr/lib").rglob("*.so*"):
            found = charts.run("dpkg-query", "--search", f"*/{path.name}").stdout.splitlines()
            owners = {line.split(":")[0] for line in found}
            self.assertTrue(owners & named, f"{path.name} is in the image, and none of {owners} in its bill of materials")
        self.assertLessEqual({"tzdata", "ca-certificates", "libabsl-dev", "libc6-dev"}, named)

    def test_time_zones_are_there(self):
        for zone, code in (("Europe/Berlin", 0), ("Europe/Atlantis", 2)):
            with self.subTest(zone=zone):
                (self.root / "empty.yaml").write_text("{apiVersion: v1, kind: Namespace, metadata: {name: a}}")
                reply = self.inside("/usr/bin/sluicectl", "graph", "--manifests", "/empty.yaml", "-o", "dot", "--at",
                                    f"2026-12-24T18:00 {zone}")
                self.assertEqual(reply.returncode, code, reply.stderr)

    def test_the_plugin_needs_no_library_of_the_node(self):
        headers = charts.run("readelf", "--program-headers", str(self.root / "usr/bin/sluice-cni"))
        self.assertNotIn("INTERP", headers.stdout)

    def test_every_option_of_the_manifests_is_one(self):
        for documents in (INSTALL, REMOVE):
            for each in charts.containers(documents).values():
                program, *subcommand = [word for word in each["command"] if not word.startswith("-")]
                known = self.inside(f"/usr/bin/{program}", *subcommand, "--help").stdout
                for word in each["command"] + each.get("args", []):
                    if word.startswith("--"):
                        with self.subTest(container=each["name"], option=word):
                            self.assertRegex(known, rf"(?m)^\s+(-\w,)?{re.escape(word.split('=')[0])}\b")
        (config,) = charts.of_kind(INSTALL, "ConfigMap")
        known = self.inside("/usr/bin/sluiced", "--help").stdout
        for option in yaml.safe_load(config["data"]["sluiced.yaml"]):
            with self.subTest(option=option):
                self.assertRegex(known, rf"(?m)^\s+--{option}\b")


class Containers(InRoot):
    def setUp(self):
        super().setUp()
        self.mounts = {}
        for path in ("/run/sluice", "/etc/cni/net.d", "/opt/cni/bin", "/var/run/secrets/kubernetes.io/serviceaccount"):
            here = self.folder / path[1:].replace("/", "-")
            here.mkdir(mode=0o755)
            self.mounts[path] = here
        self.folder.chmod(0o755)
        self.socket = self.mounts["/run/sluice"] / "sluice.sock"

    def start(self, name, *more, documents="sluice.yaml", mounts=None, env=None, probe=None):
        manifest = charts.DEPLOY / documents
        wanted = {mount["mountPath"] for mount in charts.containers(charts.objects(manifest.read_text()))[name].get("volumeMounts", [])}
        given = {path: here for path, here in self.mounts.items() if path in wanted} | (mounts or {})
        command = [sys.executable, "-B", str(HERE / "container.py"), "--manifest", str(manifest), "--container", name,
                   "--root", str(self.root)]
        for path, here in given.items():
            command += ["--mount", f"{path}={here}"]
        for variable, value in (env or {}).items():
            command += ["--env", f"{variable}={value}"]
        if probe:
            command += ["--probe", probe]
        log = open(self.folder / f"{name}{probe or ''}.log", "w", encoding="utf-8")
        process = subprocess.Popen([*command, "--", *more], stdout=log, stderr=log)
        log.close()
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        return process.wait(timeout=DEADLINE)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def check_privileges(self, process, name, documents=INSTALL, laid_down=()):
        security = charts.containers(documents)[name]["securityContext"]
        wanted = sum(1 << container.CAPABILITIES[each] for each in security["capabilities"].get("add", []))
        status = process_status(process.pid)
        for kind in ("CapPrm", "CapBnd"):
            self.assertEqual(int(status[kind], 16), wanted, kind)
        in_effect = wanted & ~sum(1 << container.CAPABILITIES[each] for each in laid_down)
        self.assertEqual(int(status["CapEff"], 16), in_effect)
        for kind in ("CapInh", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Uid"].split(), [str(security["runAsUser"])] * 4)

    def ask(self, *arguments):
        return charts.run(str(PROGRAMS / "sluicectl"), arguments[0], "--socket", str(self.socket), *arguments[1:])

    def lab(self):
        self.addCleanup(charts.run, str(PROGRAMS / "sluicectl"), "lab", "down")
        reply = charts.run(str(PROGRAMS / "sluicectl"), "lab", "up", "--manifests", str(EXAMPLE))
        self.assertEqual(reply.returncode, 0, reply.stderr)

    def cells(self, *command):
        reply = charts.run(str(PROGRAMS / "sluicectl"), *command, "--manifests", str(EXAMPLE), "--port", "8080", "-o", "json")
        self.assertEqual(reply.returncode, 0, reply.stderr)
        return json.loads(reply.stdout)["cells"]

    def test_the_agent_enforces_with_its_three_capabilities_and_is_detached_again(self):
        self.addCleanup(charts.run, str(PROGRAMS / "sluiced"), "--detach", "--bpffs", str(BPFFS), "--socket", str(self.socket))
        self.lab()
        agent = self.start("agent", *AGENT, "--manifests=/manifests", mounts={"/manifests": EXAMPLE}, env={"NODE_NAME": "node-1"})
        self.assertTrue(becomes(lambda: answer("http://127.0.0.1:29619/readyz") == 200, agent), self.log("agent"))
        self.check_privileges(agent, "agent", laid_down=["SYS_ADMIN"])
        self.assertEqual(process_status(agent.pid)["Seccomp"], "2")
        self.assertEqual(answer("http://127.0.0.1:29619/livez"), 200)
        reply = self.ask("sync", "--timeout", "20s")
        self.assertEqual(reply.returncode, 0, reply.stderr)
        self.assertEqual(self.cells("lab", "probe"), self.cells("matrix"))
        self.assertEqual(self.end(agent), 0, self.log("agent"))
        self.assertTrue(BPFFS.exists())
        detach = self.start("detach", *AGENT, documents="sluice-remove.yaml", env={"NODE_NAME": "node-1"})
        self.assertEqual(detach.wait(timeout=DEADLINE), 0, self.log("detach"))
        self.assertFalse(BPFFS.exists())

    def test_the_watcher_runs_with_no_capability_as_its_user(self):
        secrets = self.mounts["/var/run/secrets/kubernetes.io/serviceaccount"]
        (secrets / "token").write_text("no token")
        (secrets / "namespace").write_text("kube-system")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", secrets / "ca.crt")
        # Nobody listens there: it goes on trying.
        watcher = self.start("watcher", *WATCHER, env={"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"})
        self.assertTrue(becomes(lambda: answer("http://127.0.0.1:29620/livez") == 200, watcher), self.log("watcher"))
        self.check_privileges(watcher, "watcher")
        self.assertEqual(process_status(watcher.pid)["Seccomp"], "2")
        self.assertEqual(answer("http://127.0.0.1:29620/readyz"), 503)
        self.assertEqual(self.end(watcher), 0, self.log("watcher"))

    def start_agent(self, documents="sluice.yaml"):
        """An agent of a node without a pod."""
        namespaces = self.folder / "netns"
        namespaces.mkdir(exist_ok=True)
        return self.start("agent", *AGENT, "--manifests=/manifests", documents=documents, env={"NODE_NAME": "node-1"},
                          mounts={"/manifests": EXAMPLE, "/run/netns": namespaces})

    def ready_agent(self):
        self.addCleanup(charts.run, str(PROGRAMS / "sluiced"), "--detach", "--bpffs", str(BPFFS), "--socket", str(self.socket))
        agent = self.start_agent()
        self.assertTrue(becomes(lambda: answer("http://127.0.0.1:29619/livez") == 200, agent), self.log("agent"))
        return agent

    def agent_that_cannot_load(self):
        """The chart's agent on a node that refuses its programs: as far as the kernel is concerned, without CAP_BPF."""
        manifest = charts.objects((charts.DEPLOY / "sluice.yaml").read_text())
        charts.containers(manifest)["agent"]["securityContext"]["capabilities"]["add"] = ["NET_ADMIN"]
        path = self.folder / "refused.yaml"
        path.write_text(yaml.safe_dump_all(manifest))
        agent = self.start_agent(documents=path)
        self.assertNotEqual(agent.wait(timeout=DEADLINE), 0)
        return self.log("agent").splitlines()[-1].removeprefix("sluiced: ")

    def on_failure(self):
        ours = json.loads((self.mounts["/etc/cni/net.d"] / "05-sluice.conflist").read_text())
        return [each["onFailure"] for each in ours["plugins"] if each["type"] == "sluice-cni"]

    def test_an_agent_that_cannot_load_stops_no_node(self):
        chain = self.mounts["/etc/cni/net.d"]
        (chain / "10-net.conflist").write_text(json.dumps(BASE))
        why = self.agent_that_cannot_load()
        self.assertIn("load BPF programs", why)
        installer = self.start("cni")
        self.assertTrue(becomes(lambda: "begins once an agent is ready" in self.log("cni"), installer), self.log("cni"))
        self.assertIn(why, self.log("cni"))
        self.assertEqual([path.name for path in chain.iterdir()], ["10-net.conflist"], "pods start as before")
        self.assertEqual(self.start("cni", probe="readinessProbe").wait(timeout=DEADLINE), 1)
        agent = self.ready_agent()
        self.assertTrue(becomes((chain / "05-sluice.conflist").exists, installer), self.log("cni"))
        self.assertEqual(self.on_failure(), ["strict", "strict"])
        self.assertEqual(self.end(agent), 0, self.log("agent"))
        # An upgrade: its agent cannot load.
        self.assertEqual(self.agent_that_cannot_load(), why)
        self.assertEqual(self.on_failure(), ["strict", "strict"], "it may be over at the next start")
        self.assertTrue(becomes(lambda: "strict" not in self.on_failure(), installer), self.log("cni"))
        let_go = re.compile("05-sluice.conflist: the agent cannot run, so that pods are let go WITHOUT their policy.*: " + re.escape(why))
        self.assertTrue(becomes(lambda: let_go.search(self.log("cni")), installer), self.log("cni"))
        self.assertEqual(self.start("cni", probe="readinessProbe").wait(timeout=DEADLINE), 1)
        # And back.
        self.ready_agent()
        self.assertTrue(becomes(lambda: "permissive" not in self.on_failure(), installer), self.log("cni"))
        self.assertTrue(becomes(lambda: self.log("cni").endswith("in place\n"), installer), self.log("cni"))
        self.assertEqual(self.end(installer), 0, self.log("cni"))

    def test_the_plugin_is_chained_without_a_capability_and_unchained(self):
        chain = self.mounts["/etc/cni/net.d"]
        plugin = self.mounts["/opt/cni/bin"] / "sluice-cni"
        (chain / "10-net.conflist").write_text(json.dumps(BASE))
        self.ready_agent()
        installer = self.start("cni")
        ours = chain / "05-sluice.conflist"
        self.assertTrue(becomes(ours.exists, installer), self.log("cni"))
        self.check_privileges(installer, "cni")
        self.assertEqual([each["type"] for each in json.loads(ours.read_text())["plugins"]], ["sluice-cni", "ptp", "sluice-cni"])
        self.assertTrue(os.access(plugin, os.X_OK))
        self.assertEqual(self.start("cni", probe="readinessProbe").wait(timeout=DEADLINE), 0, self.log("cnireadinessProbe"))
        self.assertEqual(self.end(installer), 0, self.log("cni"))
        self.assertTrue(ours.exists(), "an upgrade must not open the chain")
        plugin.write_text("another one")
        self.assertEqual(self.start("cni", probe="readinessProbe").wait(timeout=DEADLINE), 1)
        self.assertEqual(self.log("cnireadinessProbe"), "sluice-cni: /opt/cni/bin/sluice-cni: is missing, or another one than "
                         "this program: run sluice-cni install\n")
        remover = self.start("unchain", documents="sluice-remove.yaml")
        self.assertEqual(remover.wait(timeout=DEADLINE), 0, self.log("unchain"))
        self.assertEqual([path.name for path in chain.iterdir() if not path.name.startswith(".")], ["10-net.conflist"])
        self.assertTrue(plugin.exists(), "CRI-O deletes pods by it")

    def test_folders_that_are_not_root_s_are_said_and_a_capability_opens_them(self):
        chain, programs = self.mounts["/etc/cni/net.d"], self.mounts["/opt/cni/bin"]
        (chain / "10-net.conflist").write_text(json.dumps(BASE))
        self.ready_agent()
        other = 4711
        for path, folder, left in (("/opt/cni/bin", programs, 0o755), ("/etc/cni/net.d", chain, 0o755),
                                   ("/etc/cni/net.d", chain, 0o700)):
            os.chown(folder, other, other)
            folder.chmod(left)
            with self.subTest(folder=path, mode=oct(left)):
                installer = self.start("cni")
                becomes(lambda: "\n" in self.log("cni"), installer)
                self.assertRegex(self.log("cni"), f"{path}.*: Permission denied: .*CAP_DAC_OVERRIDE")
                self.end(installer)
                self.assertEqual(self.start("cni", probe="readinessProbe").wait(timeout=DEADLINE), 1)
            if folder == programs:
                os.chown(folder, 0, 0)
        manifest = charts.objects((charts.DEPLOY / "sluice.yaml").read_text())
        charts.containers(manifest)["cni"]["securityContext"]["capabilities"]["add"] = ["DAC_OVERRIDE"]
        path = self.folder / "given.yaml"
        path.write_text(yaml.safe_dump_all(manifest))
        os.chown(programs, other, other)
        installer = self.start("cni", documents=path)
        self.assertTrue(becomes((chain / "05-sluice.conflist").exists, installer), self.log("cni"))
        self.assertEqual(self.end(installer), 0, self.log("cni"))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: makes mount and network namespaces: run it as root")
        sys.exit(charts.SKIP)
    PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
