#!/usr/bin/env python3
"""Whether programs have what cmake/harden.cmake asks for, by what readelf says of them: PIE, RELRO with everything bound
at the start, no memory both writable and executable, stack canaries, FORTIFY, and the landing pads of CFI.
usage: hardening.py PROGRAM...   the programs as they are built, with their symbols
       hardening.py --can-fail   compiles a program without any of it, of which each must be said"""

import pathlib
import re
import subprocess
import sys
import tempfile

# What `main` may begin with: endbr64; paciasp, bti c.
LANDING = {"X86-64": {b"\xf3\x0f\x1e\xfa"}, "AArch64": {b"\x3f\x23\x03\xd5", b"\x5f\x24\x03\xd5"}}
LOOSE = ["-O2", "-w", "-no-pie", "-fno-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy,-z,execstack"]


def readelf(program, *options):
    return subprocess.run(["readelf", "--wide", *options, str(program)], capture_output=True, text=True, check=True).stdout


def begins_with_landing_pad(program, header, segments, symbols):
    machine = next((name for name in LANDING if name in header), None)
    main = re.search(r"^ *\d+: ([0-9a-f]+) .* main$", symbols, re.MULTILINE)
    if machine is None or main is None:
        return False
    address = int(main[1], 16)
    for offset, start, size in re.findall(r"^ *LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", segments, re.MULTILINE):
        if int(start, 16) <= address < int(start, 16) + int(size, 16):
            at = address - int(start, 16) + int(offset, 16)
            return pathlib.Path(program).read_bytes()[at:at + 4] in LANDING[machine]
    return False


def lacking(program):
    header, segments, dynamic, symbols = (readelf(program, option) for option in ("--file-header", "--program-headers", "--dynamic", "--syms"))
    found = {
        "is no PIE: link it with -pie or -static-pie": "DYN (" in header,
        "has no RELRO: link it with -z relro": "GNU_RELRO" in segments,
        "binds its symbols late: link it with -z now": re.search(r"\((FLAGS|FLAGS_1)\).*\bNOW\b|BIND_NOW", dynamic),
        "has an executable stack: link it with -z noexecstack": re.search(r"GNU_STACK .* RW +0x", segments),
        "has memory that is writable and executable": not re.search(r"LOAD .* RWE +0x", segments),
        "has no stack canaries: compile it with -fstack-protector-strong": "__stack_chk_fail" in symbols,
        "has no FORTIFY: compile it with -O2 -D_FORTIFY_SOURCE=3": re.search(r"__\w+_chk\b(?<!__stack_chk)", symbols.replace("__stack_chk_fail", "")),
        "has no landing pads: compile it with -fcf-protection=full or -mbranch-protection=standard":
            begins_with_landing_pad(program, header, segments, symbols),
    }
    return [what for what, holds in found.items() if not holds]


def can_fail():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "loose.c")
        source.write_text('int both __attribute__((section(".both,\\"awx\\",@progbits#"))) = 1;\nint main(void) { return both; }\n', encoding="utf-8")
        plain = ["-fcf-protection=none"] if subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout == "x86_64\n" else []
        subprocess.run(["cc", *LOOSE, *plain, "-o", f"{folder}/loose", str(source)], check=True, stderr=subprocess.DEVNULL)
        found = lacking(f"{folder}/loose")
    missed = 8 - len(found)
    if missed:
        print(f"of 8 faults {missed} are not seen; seen: {found}")
    return 1 if missed else 0


def main(programs):
    bad = 0
    for program in programs:
        for what in lacking(program):
            print(f"{pathlib.Path(program).name}: {what}")
            bad = 1
    return bad


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(can_fail() if sys.argv[1:] == ["--can-fail"] else main(sys.argv[1:]))
