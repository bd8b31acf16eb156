#!/usr/bin/env python3
"""The page's check can fail: rows and pages, and what must be made of them."""
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import table

ROW = {"table": "attacks", "name": "forged", "does": "forges", "dropped": ["no_rule"], "passed": [],
       "cells": ["to_pod IPv4", "to_pod IPv6"], "packets": 3, "note": "", "tests": "Live.Forged"}
PAGE = "# Text\n<!-- attacks: written -->\nold\n<!-- end attacks -->\nMore text\n"


class Table(unittest.TestCase):
    def run_on(self, rows, page=PAGE, arguments=(), status=0):
        """The exit code over this page, and the page afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            path, run = pathlib.Path(folder) / "reliability.md", pathlib.Path(folder) / "rows.jsonl"
            path.write_text(page)
            run.write_text("".join(json.dumps(row) + "\n" for row in rows))
            with mock.patch.object(table, "PAGE", path), mock.patch("builtins.print"), \
                    mock.patch.object(table, "known_tests", lambda: {"Live.Forged"}):
                self.assertEqual(table.main([*arguments, str(run)]), status)
            return path.read_text()

    def test_what_is_written_is_what_is_checked(self):
        page = self.run_on([ROW], arguments=["--write"])
        self.assertIn("| `forged` | forges | dropped: `no_rule` | 3 packets, `to_pod`, both families | `Live.Forged` | – |", page)
        self.assertTrue(page.startswith("# Text\n") and page.endswith("More text\n"))
        self.assertEqual(self.run_on([ROW], page), page)

    def test_another_verdict_is_found(self):
        page = self.run_on([ROW], arguments=["--write"])
        self.run_on([{**ROW, "dropped": [], "passed": ["policy"]}], page, status=1)

    def test_a_test_that_is_not_there_is_found(self):
        page = self.run_on([ROW], arguments=["--write"])
        self.run_on([{**ROW, "tests": "Live.Gone"}], page, status=1)

    def test_strange_rows_and_pages_are_refused(self):
        for rows, page in (([], PAGE), ([{**ROW, "table": "other"}], PAGE), ([ROW], "# Text\n"), ([ROW], PAGE + PAGE)):
            with self.assertRaises(SystemExit):
                self.run_on(rows, page)

    def test_a_run_that_fails_is_no_run(self):
        with self.assertRaises(SystemExit):
            table.rows_of("false")

    def test_every_test_of_the_tree_is_known(self):
        for name in ("Coverage.EveryAttackIsTried", "tests/kernel/attacks_test.cc:Coverage.EveryAttackIsTried"):
            self.assertIn(name, table.known_tests())

    def test_a_list_is_rows_as_well(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "faults.txt"
            path.write_text("# head\nkilled | kill -9 | sound | tests/a_test.cc:A.B, tests/b_test.cc\n")
            row, = table.rows_of(str(path))
        self.assertEqual(list(table.faults([row]))[2], "| killed | kill -9 | sound | `A.B`, `tests/b_test.cc` |")


if __name__ == "__main__":
    unittest.main()
