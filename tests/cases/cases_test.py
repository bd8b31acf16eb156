#!/usr/bin/env python3
"""Every folder here through the real sluicectl, by each of the engines (bpf needs root); README.md says what a folder
holds.
usage: cases_test.py SLUICECTL ENGINE,... [NAME...]"""

import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ASK_AN_ENGINE = {"eval", "matrix"}
KEYS = {"command", "manifests", "input", "exit", "stderr", "stdout"}
SLUICECTL = ""
ENGINES = []


def parsed(line):
    """A line of JSON whose numbers stay as they are spelled."""
    return json.loads(line, parse_int=str, parse_float=str)


def lines(text):
    return [parsed(line) for line in text.splitlines() if line.strip()]


class Case(unittest.TestCase):
    """One folder."""

    maxDiff = None

    def __init__(self, case):
        super().__init__("run_case")
        self.case = case

    def run_case(self):
        runs = json.loads(self.text("want.json") or "{}")
        for want in runs if isinstance(runs, list) else [runs]:
            self.assertLessEqual(set(want), KEYS)
            for engine in ENGINES:
                with self.subTest(self.case.name, command=want.get("command", ["eval"]), engine=engine):
                    self.check(want, engine)

    def check(self, want, engine):
        command = want.get("command", ["eval"])
        arguments = [SLUICECTL, *command]
        if command[0] in ASK_AN_ENGINE:
            arguments += ["--engine", engine]
        for manifests in want.get("manifests", ["manifests"]):
            arguments += ["--with" if command[0] == "replay" else "--manifests", manifests]
        if command[0] == "eval":
            arguments += ["--probes", "-"]
        given = self.text(want.get("input", "probes.jsonl"))
        done = subprocess.run(arguments, cwd=self.case, input=given, capture_output=True, text=True, timeout=60,
                              check=False)
        said = f"{done.stdout}{done.stderr}"
        self.assertEqual(done.returncode, want.get("exit", 0), said)
        if not want.get("stderr"):
            self.assertEqual(done.stderr, "")
        for text in want.get("stderr", []):
            self.assertIn(text, done.stderr)
        for text in want.get("stdout", []):
            self.assertIn(text, done.stdout)
        if command[0] == "eval":
            self.compare(done.stdout)

    def text(self, name):
        """A file of the case; empty where it has none."""
        path = self.case / name
        return path.read_text() if path.exists() else ""

    def compare(self, stdout):
        answers, expected, probes = lines(stdout), lines(self.text("expected.jsonl")), lines(self.text("probes.jsonl"))
        self.assertEqual([len(answers), len(expected)], [len(probes), len(probes)], "one line a probe")
        self.assertEqual([{key: answer.get(key) for key in wanted} for answer, wanted in zip(answers, expected)],
                         expected)


def main(sluicectl, engines, *names):
    global SLUICECTL, ENGINES
    ENGINES = engines.split(",")
    SLUICECTL = str(pathlib.Path(sluicectl).resolve())
    cases = sorted(path for path in HERE.iterdir() if path.is_dir() and (not names or path.name in names))
    suite = unittest.TestSuite(Case(case) for case in cases)
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    return 0 if cases and result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
