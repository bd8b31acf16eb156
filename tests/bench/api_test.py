"""bench/report/api.py as it is called: the page it writes, and what it refuses."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from invented import document, series

import api


def row(contender, case, rounds, checked=900):
    return series(contender, rounds, suite="api", group=api.ALL, case=case, unit="ms", checked=checked)


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.page = self.folder / "page.md"
        self.page.write_text(f"before\n{api.BEGIN}old\n{api.END}after\n", encoding="utf-8")

    def write(self, *of_series):
        """(exit code, what it complained of, the page)"""
        results = self.folder / "api.json"
        results.write_text(json.dumps(document(*of_series)), encoding="utf-8")
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            code = api.main(["--into", str(self.page), str(results)])
        return code, err.getvalue(), self.page.read_text(encoding="utf-8")

    def test_rows(self):
        for json_p99, said in (([40, 41, 42], "Reached"), ([50.5, 51, 52], "Not reached")):
            with self.subTest(said):
                code, err, page = self.write(row("protobuf", "p99", [10, 11, 12]), row("json", "p99", json_p99))
                self.assertEqual((code, err), (0, ""))
                self.assertIn(f"(target: 50). {said}.", page)
                self.assertIn("**11.0 ms** in protobuf", page)
                self.assertTrue(page.startswith("before\n") and page.endswith("after\n"))
                self.assertNotIn("old", page)

    def test_refused(self):
        whole = row("protobuf", "p99", [10]), row("json", "p99", [10])
        rows = (("unchecked", (row("protobuf", "p99", [10], 0), whole[1]), 1, "no answer was checked"),
                ("half", whole[:1], 2, "json, p99: missing"))
        for name, given, wanted, why in rows:
            with self.subTest(name):
                code, err, page = self.write(*given)
                self.assertEqual((code, err.count("\n")), (wanted, 1))
                self.assertIn(why, err)
                self.assertIn("old", page)
        self.page.write_text("no lines\n", encoding="utf-8")
        code, err, page = self.write(*whole)
        self.assertEqual((code, page), (2, "no lines\n"))
        self.assertIn("are missing", err)


if __name__ == "__main__":
    unittest.main()
