#!/usr/bin/env python3
"""What building costs: the processor's seconds for each target of what `make demo` builds, from nothing, without a compiler cache.

usage: build_time.py [--into <document>] [--target demo_programs] [-- -D<option>=<value>...]
Builds in build/timing, which it empties first. With --into the table takes the place of what stands between the lines
`<!-- build_time -->` and `<!-- end -->` of the document.
As build_time.py launch <log> <command...> it is what CMake starts the compiler and the linker with.
"""
import argparse
import collections
import os
import re
import resource
import shutil
import subprocess
import sys

FOLDER = "build/timing"
MARKS = re.compile(r"(<!-- build_time -->\n).*?(<!-- end -->)", re.DOTALL)


def launch(log, command):
    """Runs the command and writes "<seconds> <object or program>"."""
    status = subprocess.call(command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = command[command.index("-o") + 1] if "-o" in command else "archive"
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"{used.ru_utime + used.ru_stime:.2f} {made}\n")
    return status


def build(target, options):
    """Returns the seconds of the whole build, and the log of its compilers."""
    log = os.path.abspath(f"{FOLDER}/seconds.txt")
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    launcher = ";".join([os.path.abspath(__file__), "launch", log])
    configure = ["cmake", "--preset", "release", "-B", FOLDER, "--log-level=WARNING"]
    configure += [f"-DCMAKE_{language}_{tool}_LAUNCHER={launcher}"
                  for language in ("C", "CXX") for tool in ("COMPILER", "LINKER")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(configure + options, check=True, stdout=sys.stderr)
    subprocess.run(["cmake", "--build", FOLDER, "--target", target], check=True, stdout=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(log, encoding="utf-8") as file:
        lines = [line.split(maxsplit=1) for line in file]
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, lines


def table(total, lines):
    """A row a target: how often the compiler ran, and its seconds."""
    runs, seconds = collections.Counter(), collections.Counter()
    for used, made in lines:
        found = re.search(r"CMakeFiles/([^/]+)\.dir/", made)
        target = found.group(1).removeprefix("sluice_") if found else "linking"
        runs[target] += 1
        seconds[target] += float(used)
    rows = [f"| {target} | {runs[target]} | {used:.0f} |" for target, used in seconds.most_common()]
    rest = total - sum(seconds.values())
    rows.append(f"| the rest: configuring, protoc, BPF, ninja | | {rest:.0f} |")
    rows.append(f"| **all** | {sum(runs.values())} | **{total:.0f}** |")
    return "\n".join(["| target | runs | seconds |", "|---|---|---|", *rows]) + "\n"


def main():
    if sys.argv[1:2] == ["launch"]:
        return launch(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into")
    parser.add_argument("--target", default="demo_programs")
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    os.chdir(os.path.dirname(os.path.abspath(__file__)) + "/../..")
    text = table(*build(arguments.target, arguments.options))
    if not arguments.into:
        print(text, end="")
        return 0
    with open(arguments.into, encoding="utf-8") as file:
        document, places = MARKS.subn(lambda found: found[1] + text + found[2], file.read())
    if places != 1:
        sys.exit(f"build_time: {arguments.into}: has {places} places for the table, must have one: {MARKS.pattern}")
    with open(arguments.into, "w", encoding="utf-8") as file:
        file.write(document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
