#!/usr/bin/python3
"""Writes what bench_api measured into its page, between the two lines that name this script.

usage: api.py --into PAGE RESULTS.json
Exit 1: a series whose answers were not checked against the reference engine; 2: bad usage, a document that cannot be
used, or a page without the two lines, with one line that says which.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

import read  # noqa: E402
import stats  # noqa: E402
from tables import figure, markdown, with_range  # noqa: E402

BEGIN, END = "<!-- bench/report/api.py writes from here -->\n", "<!-- to here -->\n"
TARGET = 50  # ms
ALL, HISTOGRAM = "all: API to in force", "sluice_change_seconds"
CONTENDERS = {"protobuf": "protobuf", "json": "JSON"}
STAGES = {ALL: "all", "1: API server": "1: API server", "2: watcher": "2: watcher",
          "3: agent, and its word": "3: agent, and its word", HISTOGRAM: f"`{HISTOGRAM}`"}
CHANGES = {"pod-added": "pod added", "pod-removed": "pod removed", "pod-relabelled": "pod of another node relabelled",
           "local-pod-relabelled": "pod of this node relabelled", "namespace": "namespace of 100 pods relabelled",
           "endpoints": "EndpointSlice changed", "policy-added": "policy added", "policy-removed": "policy removed",
           "policy-1000": "policy gains or loses 1,000 addresses"}


def spread_of(results, group, contender, case):
    for series in results.groups.get(("api", group), ()):
        if (series.contender, series.case) == (contender, case):
            if series.checked == 0:
                raise read.Unchecked(f"{series.name()}: no answer was checked: run the benchmark again")
            return stats.spread(series.rounds)
    return None


def cells(results, group, contender, cases):
    spreads = [spread_of(results, group, contender, case) for case in cases]
    return [with_range(s) if s else "" for s in spreads]


def verdict(results):
    medians = {}
    for contender, name in CONTENDERS.items():
        s = spread_of(results, ALL, contender, "p99")
        if s is None:
            raise read.BadInput(f"{ALL}, {contender}, p99: missing: run bench_api to its end")
        medians[name] = s.median
    said = ", ".join(f"**{figure(ms)} ms** in {name}" for name, ms in medians.items())
    reached = "Reached" if max(medians.values()) <= TARGET else "Not reached"
    return f"99 of 100 changes were in force within {said} (target: {TARGET}). {reached}.\n"


def conditions(results):
    host = results.host
    rates = [spread_of(results, "load", "protobuf", case)
             for case in ("CPU of the watcher", "CPU of the agent", "CPU of strangers")]
    watcher, agent, strangers = (figure(s.median) if s else "?" for s in rates)
    return (f"The watcher took {watcher} % of a CPU, the agent {agent} %, all else on the machine {strangers} %.\n"
            f"{host.get('cpu', '?')}, {host.get('cores', '?')} cores, kernel {host.get('kernel', '?')}, "
            f"HZ {host.get('hz', '?')}, commit {host.get('commit', '?')}, {host.get('date', '?')}.\n")


def page(results):
    quantiles = ["p50", "p90", "p99", "max"]
    stages = [[name, aloud, *cells(results, group, contender, quantiles)]
              for group, name in STAGES.items() for contender, aloud in CONTENDERS.items()]
    changes = [[name, *cells(results, f"all, of {change}", "protobuf", ("p50", "p99"))]
               for change, name in CHANGES.items()]
    return "\n".join([
        "", verdict(results), "In ms: the median of the rounds, and the middle 80 % of them.\n",
        markdown(["stage", "format", *quantiles], stages, quantiles), "All stages, in protobuf, by what changed:\n",
        markdown(["change", "p50", "p99"], changes, ("p50", "p99")), conditions(results), ""])


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--into", required=True, type=pathlib.Path)
    parser.add_argument("results")
    options = parser.parse_args(arguments)
    try:
        text = options.into.read_text(encoding="utf-8")
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise read.BadInput(f"{options.into}: the lines '{BEGIN.strip()}' and '{END.strip()}' are missing")
        options.into.write_text(before + begin + page(read.load(options.results)) + end + after, encoding="utf-8")
    except read.Unchecked as error:
        print(f"api: {error}", file=sys.stderr)
        return 1
    except (read.BadInput, OSError) as error:
        print(f"api: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
