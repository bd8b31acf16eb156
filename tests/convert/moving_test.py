#!/usr/bin/env python3
"""Every example of docs/moving.md: a command in a console fence, its standard input in the yaml fence below; then a text
fence is all that stands on standard error, and a yaml fence all of standard output. Without the latter nothing is written,
and the exit code is 2.
usage: moving_test.py SLUICECTL"""

import pathlib
import re
import subprocess
import sys
import unittest

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "moving.md"
FENCE = re.compile(r"^```(console|yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SLUICECTL = ""


def examples():
    """[arguments, input, {"text": standard error, "yaml": standard output}] in the page's order."""
    found = []
    for kind, body in FENCE.findall(PAGE.read_text()):
        if kind == "console":
            found.append([body.removeprefix("$ sluicectl ").split(), None, {}])
        elif found[-1][1] is None:
            found[-1][1] = body
        else:
            found[-1][2][kind] = body
    return found


class Moving(unittest.TestCase):
    """The page."""

    maxDiff = None

    def test_examples(self):
        self.assertGreater(len(examples()), 0)
        for arguments, given, wanted in examples():
            with self.subTest(" ".join(arguments), given=given):
                done = subprocess.run([SLUICECTL, *arguments], input=given, capture_output=True, text=True, timeout=60,
                                      check=False)
                self.assertEqual([done.stdout, done.stderr], [wanted.get("yaml", ""), wanted.get("text", "")])
                self.assertEqual(done.returncode, 0 if "yaml" in wanted else 2)


if __name__ == "__main__":
    SLUICECTL = sys.argv.pop(1)
    unittest.main()
