#!/usr/bin/env python3
"""The agent's systemd unit, and that of --hold-new: how exposed `systemd-analyze security` finds them, which is to get no worse, and that the first kills
the agent for no system call that the agent's own list (agent/sandbox/) allows.
usage: unit_test.py"""

import pathlib
import re
import subprocess
import tempfile
import unittest

import charts

UNIT = charts.DEPLOY / "sluiced.service"
HOLD = charts.DEPLOY / "sluice-hold.service"
EXPOSURE = 43  # tenths, of 100, of either; docs/operating.md says it too
LISTS = charts.ROOT / "agent/sandbox/system_calls.cc"
# Where the C library or systemd itself has this one in place of the other.
SAME = {"getrlimit": "prlimit64"}


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


def exposure(text):
    """In tenths, of a unit with this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, UNIT.name)
        path.write_text(text.replace("ExecStart=sluiced", "ExecStart=/usr/bin/sluiced"), encoding="utf-8")
        told = analyze("security", "--offline=yes", str(path)).stdout
    return round(float(re.search(r"exposure level for \S+ ([0-9.]+)", told)[1]) * 10)


def expanded(words):
    """The system calls that these words of SystemCallFilter= stand for."""
    calls = set()
    for word in words:
        if not word.startswith("@"):
            calls.add(word)
            continue
        lines = analyze("syscall-filter", word).stdout.splitlines()[1:]
        calls |= expanded([line.strip() for line in lines if line.strip() and not line.strip().startswith("#")])
    return calls


class Unit(unittest.TestCase):
    def test_it_is_no_more_exposed_than_it_was(self):
        for unit in (UNIT, HOLD):
            self.assertEqual(exposure(unit.read_text(encoding="utf-8")), EXPOSURE, f"{unit}: better: lower it here and in docs/operating.md")
        self.assertIn(f"**{EXPOSURE / 10}**", (charts.ROOT / "docs/operating.md").read_text(encoding="utf-8"))

    def test_more_would_be_seen(self):
        loose = UNIT.read_text(encoding="utf-8").replace("NoNewPrivileges=yes", "").replace("RestrictRealtime=yes", "")
        self.assertGreater(exposure(loose), EXPOSURE)

    def test_it_allows_every_system_call_of_the_agents_own_list(self):
        filters = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
        allowed = expanded(" ".join(filters).split())
        lists = re.sub(r"//.*", "", LISTS.read_text(encoding="utf-8"))
        lists = lists[:lists.index("kWatcher[]")]
        own = set(re.findall(r'"([a-z0-9_]+)"', lists)) - {"agent"}
        self.assertGreater(len(own), 100)
        self.assertEqual({SAME.get(call, call) for call in own} - allowed, set())
        self.assertLessEqual({"seccomp", "landlock_restrict_self"}, allowed)


if __name__ == "__main__":
    charts.need("systemd-analyze", by="deploy/install-deps.sh")
    unittest.main()
