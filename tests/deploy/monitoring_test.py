#!/usr/bin/env python3
"""deploy/monitoring: every metric that an alert or a panel names is one that docs/operating.md or docs/watcher.md has;
each expression is one that Prometheus takes.
usage: monitoring_test.py Monitoring|Promtool"""

import re
import subprocess
import sys
import tempfile
import unittest

import charts
import yaml
from monitoring import MONITORING, alerts, expressions, panels

ROOT = charts.ROOT

SOURCE, REFUSALS = "sluice_watcher_source", "sluice_watcher_relay_refusals_total"

BUILD, OTHERS = 'sluice_build_info{instance="i1",node="n1"}', 'sluice_build_info{instance="i2",node="n2"}'
GONE = "i1: the agent of node n1 was scraped within the hour, and is no more"

# What is scraped each minute, and the summary of the alert that fires at a minute.
FIRES = [
    ("nodes by relays", {SOURCE + '{source="relay",instance="n1"}': "1x20", SOURCE + '{source="api_server",instance="n1"}': "0x20"},
     "20m", "SluiceNoRelayAnswers", None),
    ("two of three by the API server", {SOURCE + f'{{source="api_server",instance="n{node}"}}': f"{value}x20"
                                        for node, value in enumerate((0, 1, 1))},
     "20m", "SluiceNoRelayAnswers", "2 nodes follow the API server, since no relay answers them"),
    ("by the API server for four minutes", {SOURCE + '{source="api_server",instance="n1"}': "1x20"}, "4m", "SluiceNoRelayAnswers", None),
    ("no relays at all", {'sluice_watcher_ready{instance="n1"}': "1x20"}, "20m", "SluiceNoRelayAnswers", None),
    ("refusals while it starts", {REFUSALS + '{instance="r1"}': "0 10 20x18"}, "6m", "SluiceRelayRefuses", None),
    ("refusals of long ago", {REFUSALS + '{instance="r1"}': "0 10 20x18"}, "20m", "SluiceRelayRefuses", None),
    ("refusals that go on", {REFUSALS + '{instance="r1"}': "0+6x20", REFUSALS + '{instance="r2"}': "3x20"},
     "20m", "SluiceRelayRefuses", "r1: the relay refuses nodes"),
    ("all agents there", {BUILD: "1x30", OTHERS: "1x30"}, "20m", "SluiceAgentAway", None),
    ("an agent that is started anew", {BUILD: "1x5 _x3 1x20", OTHERS: "1x30"}, "20m", "SluiceAgentAway", None),
    ("one of two gone", {BUILD: "1x5", OTHERS: "1x40"}, "30m", "SluiceAgentAway", GONE),
    ("one gone for long", {BUILD: "1x5", OTHERS: "1x120"}, "90m", "SluiceAgentAway", None),
]
# Those that an alert takes over from its series.
SERIES_LABELS = {"SluiceRelayRefuses": {"instance": "r1"}, "SluiceAgentAway": {"instance": "i1", "node": "n1"}}


class Monitoring(unittest.TestCase):
    def test_metrics_are_documented(self):
        text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("operating.md", "watcher.md"))
        known = set(re.findall(r"`(sluice_[a-z_]+)", text))
        used = {re.sub("_bucket$", "", name) for one in expressions() for name in re.findall(r"\bsluice_[a-z_]+", one)}
        self.assertGreater(len(used), 15)
        self.assertEqual(used - known, set())

    def test_alerts_say_what_and_why(self):
        names = [rule["alert"] for rule in alerts()]
        self.assertEqual(len(names), len(set(names)))
        for rule in alerts():
            self.assertTrue(rule["alert"].startswith("Sluice"), rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"))
            self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])

    def test_alerts_that_pages_name_are_there(self):
        text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("operating.md", "watcher.md", "kubernetes.md"))
        named = set(re.findall("`(Sluice[A-Z][A-Za-z]+)`", text))
        self.assertLessEqual({"SluiceProgramsTakenOff", "SluiceNoRelayAnswers", "SluiceRelayRefuses"}, named)
        self.assertEqual(named - {rule["alert"] for rule in alerts()}, set())

    def test_panels_stand_beside_each_other(self):
        places = set()
        for panel in panels():
            at = panel["gridPos"]
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), places, panel["title"])
                    places.add((x, y))
        self.assertEqual(len({panel["id"] for panel in panels()}), len(panels()))


class Promtool(unittest.TestCase):
    """A ctest of its own, so that it is seen where it is skipped."""

    def test_prometheus_takes_every_expression(self):
        rules = [{"record": f"panel:{number}", "expr": one.replace("$instance", ".*")} for number, one in enumerate(expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
            file.flush()
            for path in (file.name, MONITORING / "alerts.yaml"):
                done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_when_alerts_fire(self):
        rules = {rule["alert"]: rule for rule in alerts()}
        for what, series, at, alert, summary in FIRES:
            labels = rules[alert]["labels"] | SERIES_LABELS.get(alert, {})
            fires = [{"exp_labels": labels, "exp_annotations": rules[alert]["annotations"] | {"summary": summary}}] if summary else []
            case = {"interval": "1m", "input_series": [{"series": name, "values": values} for name, values in series.items()],
                    "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": fires}]}
            with self.subTest(what), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                yaml.safe_dump({"rule_files": [str(MONITORING / "alerts.yaml")], "tests": [case]}, file)
                file.flush()
                done = subprocess.run(["promtool", "test", "rules", file.name], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_can_refuse_one(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [{"name": "a", "rules": [{"record": "b:c", "expr": "sum(sluice_drops_total"}]}]}, file)
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    if "Promtool" in sys.argv:
        charts.need("promtool", by="deploy/install-promtool.sh")
    unittest.main()
