"""Charts and rendered manifests, for the tests of this folder: helm's own work, and what came of it as objects."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SKIP = 77
HELM = os.environ.get("HELM", "helm")
KUBECTL = os.environ.get("KUBECTL", "kubectl")


def need(*programs, by="deploy/install-chart-tools.sh"):
    """Ends the test program as skipped where one of `programs` is not to be had."""
    for program in programs:
        if shutil.which(program) is None:
            print(f"skipped: no {program}: {by}")
            sys.exit(SKIP)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def template(chart, values=None, kube_version="1.30.0", settings=(), release="sluice"):
    """helm template: the finished process; its stdout is the manifest."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(values or {}, file)  # and so YAML, in which text is text to every reader
        file.flush()
        options = [option for setting in settings for option in ("--set", setting)]
        return run(HELM, "template", release, str(DEPLOY / "helm" / chart), "--namespace", "kube-system",
                   "--kube-version", kube_version, "--values", file.name, *options)


def objects(text):
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(documents, kind):
    return [each for each in documents if each["kind"] == kind]


def daemonset(documents):
    (only,) = of_kind(documents, "DaemonSet")
    return only


def containers(documents):
    """Every container of the DaemonSet's pod by name, init containers too."""
    spec = daemonset(documents)["spec"]["template"]["spec"]
    return {each["name"]: each for each in spec.get("initContainers", []) + spec["containers"]}
