#!/usr/bin/env python3
"""Writes docs/reliability.md from what runs say, or says where the page differs from them.

Laws:
 1 A run prints a line of JSON a row, with the table that it belongs to; what the page says of rows comes from there.
 2 Every test that a row names is there, or the exit code is 1.
 3 The text of the page before a table is the page's own: between "<!-- NAME: ... -->" and "<!-- end NAME -->" stands what
   was written, and nothing else is touched.

A further table: a function in TABLES that gives its lines, and a pair of marks in the page.

usage: table.py [--write] RUN...   RUN: a program that prints rows, a file of them (.jsonl), or a list whose name is its
                                table's (.txt): "name | what breaks | what must hold | tests, with commas between"
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"


def rows_of(run):
    """The rows that a run prints, which must not fail; or those of a file."""
    if run.endswith(".txt"):
        lines = [line for line in pathlib.Path(run).read_text().splitlines() if line.strip() and not line.startswith("#")]
        cells = [[cell.strip() for cell in line.split("|")] for line in lines]
        return [{"table": pathlib.Path(run).stem, "name": name, "does": does, "holds": holds, "tests": tests.replace(",", " ")}
                for name, does, holds, tests in cells]
    if run.endswith(".jsonl"):
        text = pathlib.Path(run).read_text()
    else:
        done = subprocess.run([run], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"reliability: {run}: a row does not hold: mend that first")
        text = done.stdout
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def known_tests():
    """As rows name them: Suite.Name, file:Suite.Name and file, of every test of the tree; a fuzz target is its file, a row
    of the kernels that are booted guest/checks.sh:row_name."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("*_test.cc")):
        file = path.relative_to(ROOT).as_posix()
        found.add(file)
        for suite, name in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", path.read_text(), re.M):
            found |= {f"{suite}.{name}", f"{file}:{suite}.{name}"}
    for path in sorted((ROOT / "tests").rglob("*_test.py")):
        suite = ""
        for kind, name in re.findall(r"^(class| +def) (\w+)", path.read_text(), re.M):
            suite = name if kind == "class" else suite
            found.add(f"{path.relative_to(ROOT).as_posix()}:{suite}.{name}")
    guest = ROOT / "tests/kernels/guest/checks.sh"
    found |= {f"{guest.relative_to(ROOT).as_posix()}:{row}" for row in re.findall(r"^(row_\w+)\(\)", guest.read_text(), re.M)}
    return found | {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/fuzz").glob("*_fuzz.cc")}


def where(cells):
    """"both hooks, IPv6": the cells as hooks times families, or one by one where they are not."""
    hooks, families = ({cell.split()[part] for cell in cells} for part in (0, 1))
    if len(cells) != len(hooks) * len(families):
        return ", ".join(cells)
    return ", ".join((f"`{hooks.pop()}`" if len(hooks) == 1 else "both hooks",
                      families.pop() if len(families) == 1 else "both families"))


def became(row):
    parts = []
    if row["dropped"]:
        parts.append("dropped: " + ", ".join(f"`{reason}`" for reason in row["dropped"]))
    if row["passed"]:
        parts.append("passes: " + ", ".join(f"`{reason}`" for reason in row["passed"]))
    return "; ".join(parts) or "see the test"


def attacks(rows):
    yield "| attack | what the attacker does | verdict and reason | rows | with real interfaces | beside that |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        rowed = f"{row['packets']} packets, {where(row['cells'])}" if row["packets"] else "–"
        tests = ", ".join(f"`{test}`" for test in row["tests"].split()) or "–"
        yield f"| `{row['name']}` | {row['does']} | {became(row)} | {rowed} | {tests} | {row['note'] or '–'} |"


def hostile(rows):
    yield from list_of(rows, "input", "what comes")


def faults(rows):
    yield from list_of(rows, "fault", "what breaks")


def list_of(rows, name, does):
    yield f"| {name} | {does} | what must hold | tests |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        tests = ", ".join(f"`{test.split(':')[-1]}`" for test in row["tests"].split())
        yield f"| {row['name']} | {row['does']} | {row['holds']} | {tests} |"


TABLES = {"attacks": attacks, "faults": faults, "hostile": hostile}


def page_of(text, rows):
    """The page with its tables written anew."""
    for name, lines in TABLES.items():
        mine = [row for row in rows if row["table"] == name]
        if not mine and f"<!-- {name}: " not in text:
            continue
        body = "\n".join(lines(mine))
        text, times = re.subn(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end {name} -->)",
                              lambda marks: f"{marks[1]}\n{body}\n\n{marks[2]}", text, flags=re.S)
        if times != 1:
            sys.exit(f"reliability: {PAGE.name} has not one pair of marks for {name}: put them back")
    return text


def main(arguments):
    write = "--write" in arguments
    rows = [row for run in arguments if run != "--write" for row in rows_of(run)]
    strangers = sorted({row["table"] for row in rows} - set(TABLES))
    if not rows or strangers:
        sys.exit(f"reliability: no table for {', '.join(strangers) or 'no rows at all'}: see TABLES")
    known, bad = known_tests(), False
    for row in rows:
        for test in row.get("tests", "").split():
            if test not in known:
                print(f"reliability: {row['name']}: names {test}, which no file of tests/ has: mend its row")
                bad = True
    was = PAGE.read_text()
    now = page_of(was, rows)
    if write:
        PAGE.write_text(now)
    elif now != was:
        print(f"reliability: docs/reliability.md is not what the runs say: {sys.argv[0]} --write {' '.join(arguments)}")
        bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
