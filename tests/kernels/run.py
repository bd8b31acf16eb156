#!/usr/bin/env python3
"""Boots the kernels of kernels.txt with the programs that were built here, and says what held on each.

Laws:
 1 Every kernel of the form is booted and every row asked for must hold, or the exit code is 1: a kernel whose package
   can't be had fails, it is never passed over.
 2 What the verifier walks through may not grow unnoticed: limits.txt has a number a kernel and program, 5 per cent more
   are let pass. A number that is missing there fails too; --update writes what was found.
 3 docs/kernels.md is written (--write) from a whole long form in which everything held, never from less; of it the table
   of the architecture that was booted.

usage: run.py [--arch amd64|arm64] [--long] [--refresh] [--kernel NAME]... [--row NAME]... [--update] [--write FILE] [--jobs N]
              [--build FOLDER]
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

import guests
import table

HERE = pathlib.Path(__file__).resolve().parent
LIMITS = HERE / "limits.txt"
LET_PASS = 1.05


def lines_of(path):
    return [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", choices=sorted(guests.MACHINES), default="amd64", help="whose kernels [amd64]")
    parser.add_argument("--long", action="store_true", help="every kernel and row [those of the short form]")
    parser.add_argument("--refresh", action="store_true", help="ask the mirrors for newer packages")
    parser.add_argument("--kernel", action="append", help="only this one of kernels.txt; may be given several times")
    parser.add_argument("--row", action="append", help="only this row, in an ordinary guest; may be given several times")
    parser.add_argument("--update", action="store_true", help="write what the verifier walked through to limits.txt")
    parser.add_argument("--write", type=pathlib.Path, help="the table of a whole long form")
    parser.add_argument("--jobs", type=int, default=2, help="kernels at a time [2]")
    parser.add_argument("--build", type=pathlib.Path, help="where programs were built for it [build/release, build/arm64]")
    given = parser.parse_args()
    given.build = given.build or guests.SOURCE / "build" / ("release" if given.arch == "amd64" else given.arch)
    if given.write and (not given.long or given.kernel or given.row):
        parser.error("--write: is for the whole long form: give --long, and neither --kernel nor --row")
    return given


def output_of(words):
    """Its standard output, by line; None where it failed, having said why."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else None


def chosen_kernels(given):
    own = f"{given.arch}="
    listed = [(name, next((word.removeprefix(own) for word in more if word.startswith(own)), suites), form)
              for name, suites, form, *more in lines_of(HERE / "kernels.txt")]
    known = [name for name, _, _ in listed]
    for name in given.kernel or []:
        if name not in known:
            sys.exit(f"kernels: --kernel {name}: not in tests/kernels/kernels.txt, which has {', '.join(known)}")
    if given.kernel:
        return [(name, suites) for name, suites, _ in listed if name in given.kernel]
    return [(name, suites) for name, suites, form in listed if given.long or form == "short"]


def chosen_guests(given, kernel):
    if given.row:
        return [guests.Guest("node", tuple(given.row))]
    return [guest for guest in (guests.LONG if given.long else (guests.SHORT,))
            if (not guest.kernels or kernel in guest.kernels) and (not guest.machines or given.arch in guest.machines)]


def run_kernel(given, name, suites):
    """A column of the table, or None where there is nothing to boot."""
    fetched = output_of([HERE / "fetch.sh", *(["--refresh"] if given.refresh else []), "--arch", given.arch, name, suites])
    folder = guests.SOURCE / "build/kernels" / name if given.arch == "amd64" else guests.SOURCE / "build/kernels" / given.arch / name
    packed = output_of([HERE / "pack.sh", folder, given.build]) if fetched else None
    title = name if given.arch == "amd64" else f"{name}/{given.arch}"
    if not packed:
        print(f"kernels: {title}: not booted", flush=True)
        return None
    column = table.Column(title, suites, *fetched)
    for guest in chosen_guests(given, name):
        for row, found in guests.boot(guest, given.arch, folder, *packed).items():
            column.rows[f"{guest.name}/{row}"] = found
            state = "ok" if found.ok else "FAILED"
            print(f"{title} {guest.name}/{row}: {state}, {found.seconds} s: {found.says}", flush=True)
    return column


def too_many_instructions(columns):
    """What grew or is not written down, a line each."""
    most = {(kernel, program): int(number) for kernel, program, number in lines_of(LIMITS)}
    for column in columns:
        told = column.verified()
        for kernel, program in most:
            if kernel == column.name and "node/load" in column.rows and program not in told:
                yield f"{kernel} {program} does not say how many instructions it verifies"
        for program, number in told.items():
            limit = most.get((column.name, program))
            if limit is None:
                yield f"{column.name} {program} verifies {number} instructions, which is not written down"
            elif number > limit * LET_PASS:
                yield f"{column.name} {program} verifies {number} instructions, it was {limit}"


def update_limits(columns):
    now = {(column.name, program): number for column in columns for program, number in column.verified().items()}
    kept = {(kernel, program): int(number) for kernel, program, number in lines_of(LIMITS)}
    head = [line for line in LIMITS.read_text().splitlines() if line.startswith("#")]
    body = [f"{kernel} {program} {number}" for (kernel, program), number in {**kept, **now}.items()]
    LIMITS.write_text("\n".join(head + body) + "\n")


def main():
    given = options()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        columns = list(pool.map(lambda kernel: run_kernel(given, *kernel), chosen_kernels(given)))
    whole = all(columns)
    columns = [column for column in columns if column]
    failed = [f"{column.name} {row}" for column in columns for row, found in column.rows.items() if not found.ok]
    if given.update:
        update_limits(columns)
    grown = list(too_many_instructions(columns))
    for line in grown:
        print(f"kernels: {line}: mend it, or, where it is meant, run tests/kernels/run.py --long --update")
    for row in failed:
        print(f"kernels: failed: {row}")
    if not whole or failed or grown:
        return 1
    if given.write:
        given.write.write_text(table.page(given.arch, columns, given.write.read_text() if given.write.exists() else ""))
    print(f"kernels: everything held on {', '.join(column.version for column in columns)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
