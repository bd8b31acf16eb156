#!/usr/bin/env python3
"""The runner can fail: what a guest told, and what must be made of it."""
import pathlib
import tempfile
import unittest
from unittest import mock

import guests
import run
import table

GUEST = guests.Guest("node", ("load", "detach"), seconds=1)
LOAD = '{"row": "load", "ok": true, "seconds": 3, "says": "verified_instructions from_pod 100 map_kib all 2048"}\n'
DETACH = '{"row": "detach", "ok": true, "seconds": 3, "says": ""}\n'
UP, END = '{"row": "up"}\n', '{"row": "end"}\n'
TOLD = (
    # what came over the line, what the console said last, rows that failed
    ("all of it", LOAD + DETACH + END, "", []),
    ("a row failed", LOAD + DETACH.replace("true", "false") + END, "", ["detach"]),
    ("a panic after a row", LOAD, "Kernel panic", ["detach"]),
    ("a row is missing", DETACH + END, "", ["load"]),
    ("no end", LOAD + DETACH, "Kernel panic", ["detach"]),
    ("half a line", LOAD + DETACH[:20], "", ["detach"]),
    ("nothing", "", "No working init found", ["load", "detach"]),
)
LIMITS = (
    # written down, found, what is complained of
    ("5.10 from_pod 100", 100, ""),
    ("5.10 from_pod 100", 105, ""),
    ("5.10 from_pod 100", 106, "it was 100"),
    ("6.1 from_pod 100", 100, "not written down"),
    ("5.10 from_pod 100", None, "does not say"),
)


def column(instructions):
    facts = {("verified_instructions", "from_pod"): instructions} if instructions else {}
    rows = {"node/load": guests.Found(True, "", 1, facts)}
    return table.Column("5.10", "bullseye", "5.10.262-1", rows)


def booted(boots):
    """What is found where each boot tells this over the line, and on its console; and how many there were."""
    left = list(boots)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def run_once(_guest, _words, rows_file, console_file):
            told, console = left.pop(0)
            rows_file.write_text(told)
            console_file.write_text(console)
            return "it ended early"

        with mock.patch("guests.run_once", run_once), mock.patch("builtins.print"):
            found = guests.boot(GUEST, "amd64", folder, "vmlinuz", "initrd")
    return found, len(boots) - len(left)


class RunnerTest(unittest.TestCase):
    def test_what_a_guest_told(self):
        for name, told, console, failed in TOLD:
            with self.subTest(name):
                found, boots = booted([(UP + told, console)])
                self.assertEqual([row for row in GUEST.rows if not found[row].ok], failed)
                self.assertEqual(boots, 1)
                if console:
                    self.assertIn(console, found[failed[0]].says)

    def test_what_never_came_up_is_booted_once_more(self):
        hung = ("", "SMP: bringing up")
        found, boots = booted([hung, (UP + LOAD + DETACH + END, "")])
        self.assertEqual((found["load"].ok, found["detach"].ok, boots), (True, True, 2))
        found, boots = booted([hung, hung])
        self.assertEqual((found["load"].ok, found["detach"].ok, boots), (False, False, 2))
        self.assertIn("bringing up", found["load"].says)

    def test_a_boot_ends_in_its_time(self):
        guest = guests.Guest("node", (), seconds=2, boot_seconds=1)
        for script, why in (("exec tail -f /dev/null", "it was not up after 1 s"),
                            (f"echo '{UP.strip()}' >rows; exec tail -f /dev/null", "it was not done after 2 s"),
                            ("true", "it ended early")):
            with self.subTest(why), tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                words = ["sh", "-c", f"cd {folder}; {script}"]
                self.assertEqual(guests.run_once(guest, words, folder / "rows", folder / "console"), why)

    def test_instructions_may_not_grow(self):
        for written, found, complaint in LIMITS:
            with self.subTest(written, found=found), tempfile.NamedTemporaryFile("w", suffix=".txt") as limits:
                limits.write(f"# what\n{written}\n")
                limits.flush()
                with mock.patch("run.LIMITS", pathlib.Path(limits.name)):
                    said = " ".join(run.too_many_instructions([column(found)]))
                self.assertTrue(complaint in said if complaint else not said, said)

    def test_a_machine_has_a_line_for_its_rows(self):
        for arch, machine in guests.MACHINES.items():
            words = guests.command(GUEST, arch, "vmlinuz", "initrd", "rows")
            self.assertIn(f"sluice.line={machine.line} sluice.seconds={240 * machine.times} sluice.rows=load,detach", words[-1], arch)
            self.assertTrue(any(word.startswith("file") and word.endswith("rows") for word in words), arch)

    def test_a_table_is_written_beside_the_others(self):
        first = table.page("amd64", [column(100)], "")
        both = table.page("arm64", [column(200)], first)
        self.assertTrue(both.startswith(first + table.ARM64))
        self.assertIn("| arm64 | **5.10** |", both)
        again = table.page("amd64", [column(300)], both)
        self.assertIn("| 300 |", again)
        self.assertIn("| 200 |", again)
        self.assertNotIn("| 100 |", again)

    def test_a_kernel_that_cannot_be_had_fails(self):
        with mock.patch("run.output_of", return_value=None), mock.patch("sys.argv", ["run.py", "--kernel", "5.10"]):
            self.assertEqual(run.main(), 1)


if __name__ == "__main__":
    unittest.main()
