"""bench/compare and the report as they are called: verdicts, exit codes, refusals."""

import contextlib
import io
import json
import os
import subprocess
import tempfile
import unittest

from invented import REPOSITORY, document, fact, packet, series

import report
import tables

NOISE = [0, 0.3, -0.2, 0.1, -0.3, 0.2, -0.1, 0.05]


def packets(net, scale=1.0, **host):
    """F0 at 30, F1 at net 40 and Sluice at `net`, all `scale` times as slow."""
    def rounds(ns):
        return [scale * (30 + ns + noise) for noise in NOISE]
    return document(packet("F0", [30 * scale] * len(NOISE)), packet("F1", rounds(40)), packet("sluice", rounds(net)),
                    **host)


class Called(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def compare(self, a, b, *options):
        """(exit code, what it printed, what it complained of)"""
        command = [REPOSITORY / "bench" / "compare", self.path("a.json", a), self.path("b.json", b), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def report(self, *documents):
        """Merges only: plots want matplotlib, which tests do without."""
        paths = [self.path(f"{i}.json", d) for i, d in enumerate(documents)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = report.main(["--into", os.path.join(self.folder, "out"), "--results-only", *paths])
        return code, out.getvalue(), err.getvalue()


class Verdicts(Called):
    def verdict(self, a, b, *options):
        code, out, _ = self.compare(a, b, "--json", *options)
        return code, [v["verdict"] for v in json.loads(out)["verdicts"]]

    def test_rows(self):
        rows = (("worse", packets(50), packets(56), 3, ["worse"]),
                ("better", packets(56), packets(50), 0, ["better"]),
                ("within noise", packets(50), packets(50.2), 0, ["unchanged"]),
                ("beyond noise but less than the threshold", packets(50), packets(51.5), 0, ["unchanged"]),
                ("another machine, half as fast", packets(50), packets(50, 2, cpu="Other"), 0, ["unchanged"]),
                ("another machine, and worse", packets(50), packets(60, 2, cpu="Other"), 3, ["worse"]))
        for name, a, b, code, verdicts in rows:
            with self.subTest(name):
                self.assertEqual(self.verdict(a, b), (code, verdicts))

    def test_threshold(self):
        self.assertEqual(self.verdict(packets(50), packets(51.5), "--threshold", "2"), (3, ["worse"]))

    def test_without_reference_only_on_the_same_machine(self):
        def change(us, **host):
            rounds = [us + noise for noise in NOISE]
            return document(series("sluice", rounds, suite="change", case="pod-added", unit="us"), **host)
        self.assertEqual(self.verdict(change(100), change(130)), (3, ["worse"]))
        self.assertEqual(self.verdict(change(100), change(110)), (0, ["unchanged"]))
        self.assertEqual(self.verdict(change(100), change(130, cpu="Other")), (0, ["other machine"]))

    def test_two_rounds_decide_nothing(self):
        a = document(packet("F0", [30, 30]), packet("F1", [70, 70]), packet("sluice", [80, 80]))
        b = document(packet("F0", [30, 30]), packet("F1", [70, 70]), packet("sluice", [180, 180]))
        self.assertEqual(self.verdict(a, b), (0, ["too few rounds"]))

    def test_what_others_cost_is_their_affair(self):
        def wire(ns):
            one = {"suite": "wire", "group": "bulk", "case": "bulk"}
            return document(series("none", [100] * 8, **one), series("nftables", [ns + n for n in NOISE], **one))
        self.assertEqual(self.verdict(wire(120), wire(150)), (0, ["worse"]))

    def test_facts_are_exact_but_for_the_resident_size(self):
        rows = (("entries_written", 4, 5, 3, "worse"), ("entries_written", 5, 4, 0, "better"),
                ("entries_written", 4, 4, 0, "unchanged"), ("entries_written", 0, 1, 3, "worse"),
                ("resident_bytes", 1000, 1020, 0, "unchanged"), ("resident_bytes", 1000, 1100, 3, "worse"))
        for name, a, b, code, verdict in rows:
            with self.subTest(name, a=a, b=b):
                self.assertEqual(self.verdict(document(facts=[fact(name, a)]), document(facts=[fact(name, b)])),
                                 (code, [verdict]))

    def test_table_names_what_moved_and_what_is_only_on_one_side(self):
        b = packets(60)
        b["facts"].append(fact("entries_written", 1))
        code, out, _ = self.compare(packets(50), b)
        self.assertEqual(code, 3)
        self.assertRegex(out, r"worse +packet +established +sluice +IPv4 egress TCP tuples=4096 +1\.25 +1\.50 +× F1 ")
        self.assertIn("only in B: change entries_written", out)
        self.assertNotIn("\x1b", out)


class BadInput(Called):
    def test_compare_says_what_is_wrong_in_one_line(self):
        good = packets(50)
        rows = (("no JSON", "{", "no JSON"), ("another schema", {"schema": "x"}, "schema: 'x'"),
                ("a list", "[]", "schema: 'list'"), ("no host", {"schema": "sluice-bench-1"}, "host: missing"),
                ("no rounds", document(packet("sluice", [])), "rounds: empty"),
                ("text for a round", document(packet("sluice", ["1"])), "rounds: not all are costs"),
                ("a negative cost", document(packet("sluice", [-1])), "rounds: not all are costs"),
                ("twice", document(packet("sluice", [1]), packet("sluice", [2])), "twice in group base"),
                ("a fact without value", document(facts=[{"suite": "packet"}]), "value: missing"),
                ("unchecked", document(packet("sluice", [1], checked=0)), "no answer was checked"),
                ("nothing in common", document(packet("sluice", [1], case="else")), "in common"))
        for name, bad, said in rows:
            with self.subTest(name):
                code, out, err = self.compare(good, bad)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(said, err)
                self.assertEqual(err.count("\n"), 1, err)

    def test_compare_without_a_file(self):
        done = subprocess.run([REPOSITORY / "bench" / "compare", "nowhere.json", "nowhere.json"], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("nowhere.json: cannot be read", done.stderr)


class Report(Called):
    def test_refuses_what_nobody_checked_and_names_it(self):
        for contender in ("sluice", "nftables", "iptables", "ipset"):
            with self.subTest(contender):
                code, _, err = self.report(document(series(contender, [1], suite="wire", case="bulk", checked=0)))
                self.assertEqual(code, 1)
                self.assertIn(f"wire bulk {contender}: no answer was checked against the reference engine", err)

    def test_what_answers_nothing_needs_no_check(self):
        wire = document(*(series(c, [1], suite="wire", case="bulk", checked=0) for c in ("none", "empty")))
        self.assertEqual(self.report(wire)[0], 0)

    def test_says_what_is_missing(self):
        self.assertIn("missing: bench_change, bench_wire, bench_flood", self.report(packets(50))[1])

    def test_refuses_to_mix_machines_or_commits(self):
        for key, value in (("commit", "def"), ("kernel", "6.7.0")):
            code, _, err = self.report(packets(50), document(**{key: value}))
            self.assertEqual(code, 2)
            self.assertIn(f"host.{key}: '{value}'", err)

    def test_what_it_merges_compare_reads(self):
        facts = document(facts=[fact("entries_written", 4)])
        self.assertEqual(self.report(packets(50), facts)[0], 0)
        with open(os.path.join(self.folder, "out", "results.json"), encoding="utf-8") as file:
            merged = file.read()
        self.assertEqual(self.compare(merged, merged)[0], 0)
        self.assertEqual(json.loads(merged)["facts"], facts["facts"])

    def test_text_without_plots(self):
        self.report(packets(50))
        results = report.read.load(os.path.join(self.folder, "out", "results.json"))
        text = report.report(results, [], "the notes as they are\n")
        self.assertIn("| established, either direction, IPv4 | ≤ 0.9 × F1 | 1.25 × F1 |", text)
        self.assertIn("**Missing**: bench_change, bench_wire, bench_flood", text)
        self.assertTrue(text.endswith("the notes as they are\n"))

    def test_plots_are_python(self):
        for source in (REPOSITORY / "bench" / "report").glob("*.py"):
            compile(source.read_text(encoding="utf-8"), str(source), "exec")

    def test_figures(self):
        for value, text in ((0, "0"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234"), (0.00123, "0.0012")):
            self.assertEqual(tables.figure(value), text)


if __name__ == "__main__":
    unittest.main()
