#!/usr/bin/env python3
"""The bill of materials of what is shipped, as CycloneDX: the programs, and every Debian package whose code is in them or
loaded by them, with its version, by dpkg's records. The same programs, records and time give the same bytes.
usage: sbom.py --programs DIR --shipped DIR --name NAME [--root DIR] [--linked-in DIR] [--with PACKAGE]... PROGRAM...
  --programs  where the programs are as they were built, each beside what its linker read (PROGRAM.d)
  --shipped   where they are as they are shipped
  --name      what they are shipped as: sluice, sluice-cni
  --root      a Debian root whose libraries are shipped, and whose records are read (--linked-in)
  --linked-in the Debian root that they were linked with; of another machine's what deploy/sysroot.sh made (/)
  --with      a package whose data is shipped too (tzdata)
SOURCE_DATE_EPOCH is the time that it bears (0)."""

import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

# Code that is compiled in without being in a library.
HEADERS = ["libcli11-dev", "libboost1.81-dev"]
DATA = {"tzdata", "ca-certificates"}
LICENSES = [{"license": {"id": "Apache-2.0"}}]


def out(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False).stdout


def fail(message):
    sys.exit(f"sbom: {message}")


# deploy/machine.sh: of another machine's programs as of this one's.
MACHINE = pathlib.Path(__file__).resolve().parent / "machine.sh"


def of_machine(program, command):
    script = 'set -o pipefail; source "$2"; machine_of "$1" && ' + command
    done = subprocess.run(["bash", "-c", script, "sbom", program, MACHINE], capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"{program}: {done.stderr.strip()}")
    return done.stdout


def libraries(program):
    """The shared libraries that the loader finds for it where it was linked: paths."""
    return {str(pathlib.Path(path)) for path in of_machine(program, 'libraries_of "$1"').splitlines()}


def archives(program, linked_in):
    """What the linker took from outside of the tree that is in the program itself: archives and the start of each program."""
    record = program.with_name(program.name + ".d")
    if not record.exists():
        fail(f"{record}: is not there: build the programs again")
    words = record.read_text(encoding="utf-8").split(":", 1)[1].split("\n\n")[0].replace("\\\n", " ").split()
    outside = ("/usr/", str(linked_in / "usr") + "/")
    return {word for word in words if word.startswith(outside) and word.endswith((".a", ".o"))}


class Records:
    """dpkg's, of a root."""

    def __init__(self, root):
        self.query = ["dpkg-query", f"--admindir={root / 'var/lib/dpkg'}"]

    def owners(self, paths):
        """Each file's package. The records have some below /lib that are below /usr/lib by now."""
        names = collections.defaultdict(set)  # as the records may have it -> the files: one may be named in several ways
        for path in paths:
            real = str(pathlib.Path(path).resolve())
            for name in (path, real, real.removeprefix("/usr"), "/usr" + path):
                names[name].add(path)
        found = {}
        for line in out(*self.query, "--search", *sorted(names)).splitlines():
            packages, _, name = line.partition(": ")
            for path in names.get(name, ()):
                found[path] = packages.split(",")[0].split(":")[0]
        for path in paths:
            if path not in found:
                fail(f"{path}: no package of dpkg's records has it")
        return found

    def components(self, packages):
        """Of those that are installed there, by name."""
        fields = "${Package}\t${Version}\t${Architecture}\t${source:Package} ${source:Version}\n"
        made = {}
        for line in out(*self.query, "--show", "--showformat", fields, *sorted(packages)).splitlines():
            package, version, architecture, source = line.split("\t")
            purl = f"pkg:deb/debian/{quoted(package)}@{quoted(version)}?arch={architecture}&distro=debian-12"
            made[package] = {"type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl,
                             "properties": [{"name": "debian:source", "value": source}]}
        return made


def quoted(text):
    return text.replace("+", "%2B").replace(":", "%3A")


def program_component(path, version):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"type": "application", "bom-ref": f"program:{path.name}", "name": path.name, "version": version,
            "licenses": LICENSES, "hashes": [{"alg": "SHA-256", "content": digest}]}


def packages_of(programs, linked_in):
    """Of each program those whose code is in it or loaded by it, as the root has them that it was linked with."""
    files = {path: libraries(path) | archives(path, linked_in) for path in programs}
    owners = Records(linked_in).owners(set().union(*files.values()))
    return {path.name: {owners[file] for file in files[path]} | set(HEADERS) for path in programs}


def known(packages, root, linked_in):
    """Their components: what is loaded has the root's version, what was compiled in that of where it was linked."""
    made = Records(linked_in).components(packages)
    if root != linked_in:
        made |= {name: each for name, each in Records(root).components(packages).items() if not name.endswith("-dev")}
    for package in packages - set(made):
        fail(f"{package}: is not installed, and something of it is shipped")
    return made


def document(options):
    version = of_machine(options.programs / options.program[0], '"${runner[@]}" "$1" --version').split()[-1]
    made_of = packages_of([options.programs / name for name in options.program], options.linked_in)
    packages = known(set(options.with_).union(*made_of.values()), options.root or options.linked_in, options.linked_in)
    for package in DATA & set(packages):
        packages[package]["type"] = "data"
    programs = [program_component(options.shipped / name, version) for name in options.program]
    components = {each["bom-ref"]: each for each in [*packages.values(), *programs]}
    dependencies = [{"ref": f"program:{name}", "dependsOn": sorted(packages[each]["bom-ref"] for each in made_of[name])}
                    for name in sorted(options.program)]
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    shipped = {"type": "application", "bom-ref": f"shipped:{options.name}", "name": options.name, "version": version, "licenses": LICENSES}
    made = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": shipped},
        "components": [components[ref] for ref in sorted(components)],
        "dependencies": [{"ref": shipped["bom-ref"], "dependsOn": sorted(components)}, *dependencies],
    }
    # A number that is the contents' own.
    return made | {"serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))}"}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--shipped", type=pathlib.Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("--linked-in", type=pathlib.Path, default=pathlib.Path("/"))
    parser.add_argument("--with", dest="with_", action="append", default=[])
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    json.dump(document(options), sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
