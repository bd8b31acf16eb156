#!/usr/bin/env python3
"""Whether two folders give the same bytes: a small program out of agent/net and the kernel's programs, each built in two
copies of the sources by the commands of this build; and whether that would be seen if the commands did not ask for it.
`make reproducible` does the same with everything that is shipped. Prints what differs.
usage: reproducible.py BUILD"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = ("agent/net", "agent/base", "bpf", "include")
UNIT = "agent/net/CMakeFiles/sluice_net.dir/Unity/unity_rest_0_cxx.cxx"  # of several files; SLUICE_UNITS=OFF: each by itself
LINK = ("-pie", "-Wl,-z,relro,-z,now,--build-id,--unresolved-symbols=ignore-all")  # it is never run


def run(command, folder):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, shell=isinstance(command, str), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"reproducible: {command}: {done.stderr[-2000:]}")
    return done.stdout


class Copy:
    """The sources in another folder, and a build there."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        for name in SOURCES:
            shutil.copytree(ROOT / name, folder / name)

    def here(self, text):
        return text.replace(str(self.build), str(self.folder / "build/release")).replace(str(ROOT), str(self.folder))

    def compiler_of_unit(self):
        commands = json.loads((self.build / "compile_commands.json").read_text(encoding="utf-8"))
        entry = next((each for each in commands if each["file"].endswith(UNIT)), None) or \
            next(each for each in commands if each["file"].endswith("agent/net/ip.cc"))
        source = pathlib.Path(entry["file"])
        if source.is_relative_to(self.build):
            copy = pathlib.Path(self.here(str(source)))
            copy.parent.mkdir(parents=True)
            copy.write_text(self.here(source.read_text(encoding="utf-8")), encoding="utf-8")
        return re.sub(r" -o \S+ ", " -o net.o ", self.here(entry["command"]))

    def program(self):
        folder = self.folder / "build/release"
        run(self.compiler_of_unit(), folder)
        (folder / "main.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
        run(["c++", "-o", "program", *LINK, "net.o", "-x", "c", "main.c"], folder)
        return (folder / "program").read_bytes()

    def kernel_programs(self, change=lambda command: command):
        commands = run(["ninja", "-t", "commands", "agent/kernel/policy.bpf.o"], self.build).splitlines()
        (command,) = [each for each in commands if "-target bpf" in each]
        (self.folder / "build/release/agent/kernel").mkdir(parents=True, exist_ok=True)
        run(change(self.here(command)), self.folder)
        return (self.folder / "build/release/agent/kernel/policy.bpf.o").read_bytes()


def main(build):
    with tempfile.TemporaryDirectory() as folder:
        one, two = (Copy(build, pathlib.Path(folder, name)) for name in ("one", "a/longer/name/of/two"))
        kernels = one.kernel_programs()
        found = {"a program of agent/net": one.program() == two.program(), "the kernel's programs": kernels == two.kernel_programs()}
        loose = two.kernel_programs(lambda command: re.sub(r"-ffile-prefix-map=\S+", "", command))
    bad = [f"reproducible: {what}: two folders, not the same bytes" for what, same in found.items() if not same]
    if kernels == loose:
        bad.append("reproducible: bytes with the folder's name in them are not told apart: what compares is wrong")
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
