"""bench/report/soak.py as it is called: the plot of a long run, and what it refuses."""

import contextlib
import importlib.util
import io
import pathlib
import tempfile
import unittest

import soak

HEAD = "seconds,milliseconds,resident_kib,descriptors,entries,flows,what\n"


class Plot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.samples = pathlib.Path(folder.name) / "samples.csv"
        self.plot = pathlib.Path(folder.name) / "plot.svg"

    def draw(self, text):
        """(exit code, what it complained of)"""
        self.samples.write_text(text, encoding="utf-8")
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            return soak.main(["--into", str(self.plot), str(self.samples)]), err.getvalue()

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "draws by matplotlib: deploy/install-deps.sh bench")
    def test_drawn(self):
        rows = "".join(f"{i},{20 + i % 7},{40000 + i},90,{150 + i % 3},0,{'restart' if i == 300 else 'object'}\n"
                       for i in range(600))
        self.assertEqual(self.draw(HEAD + rows), (0, ""))
        text = self.plot.read_text(encoding="utf-8")
        for said in ("599 changes", "1 restarts", "map entries", "p99"):
            self.assertIn(said, text)

        self.assertEqual(self.draw(HEAD + "1,2,3,4,5,6,labels\n"), (0, ""), "one sample")

    def test_quantiles(self):
        changes = [{"seconds": 36.0 * i, "milliseconds": float(i % 10)} for i in range(1200)]
        points = soak.latencies(changes)
        self.assertEqual(len(points), soak.WINDOWS)
        self.assertEqual(points[0], (0.05, 4.5, 8.91))

    def test_refused(self):
        for name, text in (("empty", ""), ("no rows", HEAD), ("another", "a,b\n1,2\n"),
                           ("no number", HEAD + "1,x,3,4,5,6,labels\n"), ("short", HEAD + "1,2\n")):
            with self.subTest(name):
                code, err = self.draw(text)
                self.assertEqual((code, err.count("\n")), (2, 1))
                self.assertFalse(self.plot.exists())
