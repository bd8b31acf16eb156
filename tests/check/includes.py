#!/usr/bin/env python3
"""What each source of a build includes of the project, however far down: "<source> <header>..." a line.

Reads the #include "..." lines, which name a file from the tree's root or from include/; others are passed over.
usage: includes.py <compile_commands.json> <path prefix>
"""
import functools
import json
import os
import re
import sys

ROOTS = ("", "include/", "bpf/")
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


@functools.cache
def included_by(path):
    """The project's files that the lines of this one name."""
    with open(path, encoding="utf-8") as file:
        names = INCLUDE.findall(file.read())
    beside = os.path.dirname(path) + "/"
    found = []
    for name in names:
        found += [root + name for root in (*ROOTS, beside) if os.path.isfile(root + name)][:1]
    return found


def headers_of(source):
    """Everything that it includes, itself left out."""
    seen, todo = set(), [source]
    while todo:
        for path in included_by(todo.pop()):
            if path not in seen:
                seen.add(path)
                todo.append(path)
    return sorted(seen - {source})


def main():
    database, prefix = sys.argv[1:]
    with open(database, encoding="utf-8") as file:
        sources = {os.path.relpath(entry["file"]) for entry in json.load(file)}
    for source in sorted(sources):
        if source.startswith(prefix):
            print(source, *headers_of(source))


if __name__ == "__main__":
    main()
