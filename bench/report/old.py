#!/usr/bin/python3
"""Joins what the old and the present bench_packet found in turns into one document: ratios to F1 or F2, round by round.

usage: old.py --out OLD.json --commit REV --old RESULTS.json... --new RESULTS.json...
Suite "old": contender "kernel-tables" has the old programs, "sluice" the present ones; a round is a multiple of the
reference in that round of its own run. Only what both measured. Exit 2: a document that cannot be used.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

import pair  # noqa: E402
import read  # noqa: E402


def ratios(documents):
    """{(case, reference, labels): (rounds of all documents, the least that was checked)}"""
    found = {}
    for results in documents:
        for s in results.once(results.select("packet", "sluice")):
            against = pair.against(results, s)
            if against:
                rounds, checked = found.get((s.case, against.reference, s.labels), ([], s.checked))
                found[s.case, against.reference, s.labels] = (rounds + list(against.values), min(checked, s.checked))
    return found


def joined(old, new, commit):
    old_ratios, new_ratios = ratios(old), ratios(new)
    series = []
    for key in (k for k in new_ratios if k in old_ratios):
        case, reference, labels = key
        for contender, (rounds, checked) in (("kernel-tables", old_ratios[key]), ("sluice", new_ratios[key])):
            series.append(read.Series("old", "old", contender, case, labels, f"× {reference}", tuple(rounds), checked))
    if not series:
        raise read.BadInput("old.py: the documents have no series in common")
    settings = [{"program": "bench/old", "rounds": len(new), "quick": False, "commit": commit}]
    return read.Results(new[0].host, settings, series, [])


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--old", required=True, nargs="+")
    parser.add_argument("--new", required=True, nargs="+")
    options = parser.parse_args(arguments)
    try:
        read.dump(joined(*([read.load(path) for path in paths] for paths in (options.old, options.new)),
                         options.commit), options.out)
    except (read.BadInput, OSError) as error:
        print(f"old: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
