#!/usr/bin/env python3
"""A running sluiced as whoever looks after it meets it: /metrics in both formats, read by the strict parsers of others;
sluicectl maps and bugreport. Root, for the agent.
usage: agent_test.py PROGRAMS"""

import contextlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import charts
from monitoring import MONITORING, alerts, queries

PROGRAMS = pathlib.Path()
EXAMPLE = charts.ROOT / "examples/06-three-tier/manifests"
BPFFS = pathlib.Path("/sys/fs/bpf/sluice-agent-test")
PORT = 29719
OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PARTS_OF_MACHINE = {"machine/versions.txt", "machine/preflight.json", "machine/pins.txt"}


def setUpModule():
    """Where systemd has mounted no BPF file system: for as long as the tests."""
    if not BPFFS.parent.is_mount():
        charts.run("mount", "-t", "bpf", "bpf", str(BPFFS.parent)).check_returncode()
        unittest.addModuleCleanup(charts.run, "umount", str(BPFFS.parent))


def scrape(accept):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.headers["Content-Type"], reply.read().decode()


class WithAgent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-agent-")))
        (cls.folder / "netns").mkdir()
        cls.socket = cls.folder / "run/sluice.sock"
        # A value of the environment that no part of a report may hold.
        cls.secret = "s3cr3t-of-the-environment"
        environment = os.environ | {"SLUICE_TEST_TOKEN": cls.secret}
        cls.agent = subprocess.Popen([PROGRAMS / "sluiced", "--manifests", EXAMPLE, "--node-name", "node-9", "--socket", cls.socket,
                                      "--bpffs", BPFFS, "--netns-dir", cls.folder / "netns", "--metrics", f"127.0.0.1:{PORT}",
                                      "--log-level", "error"], env=environment)
        cls.addClassCleanup(cls.end)
        cls.ctl("sync", "--timeout", "30s")  # pods without a namespace are missed; what matters is that it answers
        cls.ctl("status").check_returncode()

    @classmethod
    def end(cls):
        cls.agent.terminate()
        cls.agent.wait(timeout=30)
        charts.run(str(PROGRAMS / "sluiced"), "--detach", "--bpffs", str(BPFFS), "--socket", str(cls.socket))

    @classmethod
    def ctl(cls, command, *arguments):
        return charts.run(str(PROGRAMS / "sluicectl"), command, "--socket", str(cls.socket), *map(str, arguments))

    def test_open_metrics_are_what_its_parser_takes_and_say_the_same(self):
        if importlib.util.find_spec("prometheus_client") is None:
            self.fail("no prometheus_client: deploy/install-deps.sh")
        from prometheus_client import parser
        from prometheus_client.openmetrics import parser as strict

        kind, text = scrape(OPEN_METRICS)
        self.assertEqual(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        families = {family.name: family for family in strict.text_string_to_metric_families(text)}
        kind, plain = scrape("*/*")
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        before = {family.name: family for family in parser.text_string_to_metric_families(plain)}
        self.assertGreater(len(families), 30)
        self.assertEqual(set(families), set(before))
        for name, family in families.items():
            self.assertEqual((family.type, family.documentation), (before[name].type, before[name].documentation), name)
            series = {(sample.name, tuple(sample.labels.items())) for sample in family.samples}
            self.assertEqual(len(series), len(family.samples), name)
            self.assertEqual(len(series), len(before[name].samples), name)
        self.assertEqual(families["sluice_build_info"].samples[0].labels["node"], "node-9")

    def test_the_parser_can_refuse(self):
        from prometheus_client.openmetrics import parser as strict
        _, text = scrape(OPEN_METRICS)
        for wrong in (text.removesuffix("# EOF\n"), text.replace('le="+Inf"', 'le="99.0"'), text.replace("sluice_drops_total{", "sluice_drops{")):
            with self.assertRaises(ValueError):
                list(strict.text_string_to_metric_families(wrong))

    def test_promtool_takes_the_metrics(self):
        if shutil.which("promtool") is None:  # deploy_promtool counts as skipped then
            self.skipTest("no promtool: deploy/install-promtool.sh")
        done = subprocess.run(["promtool", "check", "metrics"], input=scrape("*/*")[1], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @contextlib.contextmanager
    def prometheus(self):
        """One that has scraped the agent three times, and has the alerts: what asks it."""
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(MONITORING / "alerts.yaml")],
                  "scrape_configs": [{"job_name": "sluice", "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}]}
        (self.folder / "prometheus.yaml").write_text(json.dumps(config))
        address = f"127.0.0.1:{PORT + 1}"
        server = subprocess.Popen(["prometheus", f"--config.file={self.folder}/prometheus.yaml", f"--storage.tsdb.path={self.folder}/tsdb",
                                   f"--web.listen-address={address}", "--log.level=error"])

        def ask(path, **parameters):
            url = f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            with urllib.request.urlopen(url, timeout=10) as reply:
                answer = json.loads(reply.read())
            self.assertEqual(answer["status"], "success", parameters)
            return answer["data"]

        try:
            deadline = time.monotonic() + 60
            while True:
                self.assertIsNone(server.poll(), "prometheus has ended")
                with contextlib.suppress(urllib.error.URLError):  # it is not there yet
                    if ask("query", query="count_over_time(sluice_build_info[5m]) >= 3")["result"]:
                        break
                self.assertLess(time.monotonic(), deadline, "nothing scraped")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(timeout=0.2)
            yield ask
        finally:
            server.terminate()
            server.wait(timeout=30)

    def test_prometheus_answers_every_panel_and_no_alert_fires(self):
        if shutil.which("prometheus") is None:
            self.skipTest("no prometheus: deploy/install-promtool.sh")
        # An agent that follows a folder on a node without pods.
        absent = {"sluice_feed_connected", "sluice_feed_caught_up", "sluice_feed_stale_seconds", "sluice_watcher_unfollowed_seconds",
                  "sluice_endpoint_drops_total", "sluice_namespace_drops_total", "sluice_namespace_connections_total"}
        with self.prometheus() as ask:
            empty = set()
            for query in queries():
                if not ask("query", query=query.replace("$instance", ".*"))["result"]:
                    empty |= set(re.findall(r"\bsluice_[a-z_]+", query))
            self.assertEqual(empty, absent)
            rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
            self.assertEqual(len(rules), len(alerts()))
            for rule in rules:
                self.assertEqual((rule["health"], rule.get("lastError")), ("ok", None), rule["name"])
                self.assertNotEqual(rule["state"], "firing", rule["name"])

    def test_maps(self):
        table = self.ctl("maps")
        self.assertEqual((table.returncode, table.stderr), (0, ""))
        self.assertEqual(table.stdout.split("\n")[0].split(), ["MAP", "KIND", "USED", "ROOM", "FULL", "MEMORY"])
        maps = {each["name"]: each for each in json.loads(self.ctl("maps", "-o", "json").stdout)["maps"]}
        self.assertEqual(maps["flows4"]["used"], "0")
        self.assertGreater(int(maps["flows4"]["bytes"]), int(maps["flows4"]["limit"]) * 64)
        self.assertEqual(maps["rules"]["kind"], "table")
        self.assertNotIn("used", maps["counters"])
        self.assertEqual(maps["events"]["kind"], "ringbuf")
        status = json.loads(self.ctl("status", "-o", "json").stdout)
        for fill in status["maps"]:
            self.assertEqual((maps[fill["map"]]["used"], maps[fill["map"]]["limit"]), (fill["used"], fill["limit"]))

    def report(self, path, *arguments):
        done = self.ctl("bugreport", "--bpffs", BPFFS, "-o", path, *arguments)
        with tarfile.open(path) as archive:
            files = {member.name.split("/", 1)[1]: archive.extractfile(member).read().decode() for member in archive}
        return done, files

    def test_a_report_holds_what_it_listed_and_no_secret(self):
        listed = self.ctl("bugreport", "--list")
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        named = {line.split()[0] for line in listed.stdout.splitlines() if line.startswith("  ")}
        path = self.folder / "report.tar.gz"
        done, files = self.report(path)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("agent/endpoints.json", done.stderr)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(set(files), named | {"CONTENTS"})
        self.assertNotIn("MISSING", files["CONTENTS"])
        self.assertEqual(json.loads(files["agent/status.json"])["node"], "node-9")
        self.assertIn("sluice_epoch", files["agent/metrics.txt"])
        self.assertEqual(json.loads(files["agent/names.json"])["facts"]["most_addresses"], "64000")
        self.assertTrue(json.loads(files["machine/preflight.json"])["checks"])
        self.assertIn("programs/from_pod", files["machine/pins.txt"])
        self.assertIn("sluicectl ", files["machine/versions.txt"])
        for name, text in files.items():
            self.assertNotIn(self.secret, text, name)
        size = path.stat().st_size
        again = self.ctl("bugreport", "-o", path)
        self.assertEqual((again.returncode, len(again.stderr.splitlines()), path.stat().st_size), (2, 1, size))
        self.assertIn("is there already", again.stderr)

    def test_the_agent_gives_up_what_it_needs_no_more(self):
        # BPF, NET_ADMIN, SYS_ADMIN, NET_RAW, and DAC_READ_SEARCH for the manifests (linux/capability.h).
        kept = sum(1 << number for number in (39, 12, 21, 13, 2))
        threads = list(pathlib.Path(f"/proc/{self.agent.pid}/task").iterdir())
        self.assertGreater(len(threads), 1)
        for thread in threads:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that entered a namespace has ended
                status = dict(line.split(":\t", 1) for line in (thread / "status").read_text().splitlines() if ":\t" in line)
                for kind in ("CapPrm", "CapEff", "CapBnd"):
                    self.assertEqual(int(status[kind], 16) & ~kept, 0, kind)
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), status["Name"])
        lacking = json.loads(self.ctl("status", "-o", "json").stdout).get("unconfined", [])
        self.assertEqual([line for line in lacking if not line.startswith("Landlock: ")], [])

    def test_a_report_by_standard_output(self):
        with (self.folder / "piped.tar.gz").open("wb") as file:
            subprocess.run([PROGRAMS / "sluicectl", "bugreport", "--socket", self.socket, "-o", "-"], stdout=file,
                           stderr=subprocess.DEVNULL, check=True)
        with tarfile.open(self.folder / "piped.tar.gz") as archive:
            self.assertTrue([name for name in archive.getnames() if name.endswith("/agent/maps.json")])


class WithoutAgent(unittest.TestCase):
    def test_a_report_has_what_the_machine_says(self):
        with contextlib.chdir(self.enterContext(tempfile.TemporaryDirectory())):
            done = charts.run(str(PROGRAMS / "sluicectl"), "bugreport", "--socket", "nowhere.sock", "--bpffs", str(BPFFS.parent))
            self.assertEqual(done.returncode, 0, done.stderr)
            (path,) = pathlib.Path().glob("sluice-bugreport-*.tar.gz")
            with tarfile.open(path) as archive:
                names = {name.split("/", 1)[1] for name in archive.getnames()}
                contents = archive.extractfile(f"{archive.getnames()[0].split('/')[0]}/CONTENTS").read().decode()
        self.assertEqual(names, PARTS_OF_MACHINE | {"CONTENTS"})
        self.assertIn("agent/status.json       the same, whole: MISSING: no agent answers", contents)
        said = [line for line in done.stderr.splitlines() if "bugreport: without" in line]
        self.assertEqual(len(said), 1, "one line for one reason")
        self.assertIn("agent/flows.jsonl: no agent answers at", said[0])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: loads BPF programs: run it as root")
        sys.exit(charts.SKIP)
    PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
