"""deploy/monitoring as objects: the alerts' rules, the dashboard's panels, the expressions of both."""

import json

import charts
import yaml

MONITORING = charts.DEPLOY / "monitoring"


def alerts():
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def panels():
    return json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))["panels"]


def queries():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def expressions():
    return [rule["expr"] for rule in alerts()] + queries()
