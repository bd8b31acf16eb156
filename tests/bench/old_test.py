"""bench/report/old.py: what is joined of the old and the present programs' documents, and the table of it."""

import unittest

from invented import document, packet

import old
import read
import tables


def measured(*ours, **host):
    return read.from_document(document(packet("F0", [0, 0]), packet("F1", [10, 20]), *ours, **host), "invented")


class Joined(unittest.TestCase):
    def test_ratios_by_round_of_what_both_measured(self):
        before = [measured(packet("sluice", [30, 40]), commit="old"), measured(packet("sluice", [10, 10]), commit="old")]
        now = [measured(packet("sluice", [10, 10], checked=7), packet("sluice", [1, 1], tuples="65536"))]
        joined = old.joined(before, now, "abcdef")
        self.assertEqual([(s.contender, s.case, s.unit, s.rounds, s.checked) for s in joined.series],
                         [("kernel-tables", "established", "× F1", (3, 2, 1, 0.5), 4096),
                          ("sluice", "established", "× F1", (1, 0.5), 7)])
        self.assertEqual(joined.host["commit"], "abc")
        row = tables.old(joined).splitlines()[2]
        self.assertIn("| 1.50 (", row)
        self.assertIn("| 0.75 (", row)
        self.assertTrue(row.endswith("| 7 |"), row)

    def test_nothing_in_common_is_an_error(self):
        with self.assertRaises(read.BadInput):
            old.joined([measured(packet("sluice", [1, 1]))], [measured(packet("sluice", [1, 1], case="outdated"))], "a")


if __name__ == "__main__":
    unittest.main()
