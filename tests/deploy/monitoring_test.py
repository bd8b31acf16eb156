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
