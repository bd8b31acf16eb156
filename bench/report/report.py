#!/usr/bin/python3
"""Merges result documents and writes the report: results.json, README.md and the plots.

usage: report.py --into FOLDER [--results-only] RESULTS.json...
  --results-only   only FOLDER/results.json, one document that bench/compare takes
FOLDER/notes.md is written by hand and becomes a part of the report. Exit 1: a series whose answers were not checked
against the reference engine; 2: bad usage or a document that cannot be used, with one line that says which.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

import read  # noqa: E402
import tables  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
AXES = {"addresses": "known addresses", "policies": "policies", "ranges": "port ranges of the policy that allows",
        "cidrs": "CIDRs known", "fill": "entries of the flow table, of what it holds"}


def heading(results):
    host = results.host
    programs = ", ".join(f"{s.get('program', '?')} ({s.get('rounds', '?')} rounds{', quick' if s.get('quick') else ''})"
                         for s in results.settings)
    facts = [("processor", f"{host.get('cpu', '?')}, {host.get('cores', '?')} cores"),
             ("memory", f"{host.get('memory_bytes', 0) / (1 << 30):.1f} GiB"),
             ("kernel", f"{host.get('kernel', '?')}, BPF JIT {'on' if host.get('jit') else 'off'}, "
                        f"HZ {host.get('hz', '?')}"),
             ("commit", host.get("commit", "?")), ("compiler", host.get("compiler", "?")),
             ("measured", f"{host.get('date', '?')}: {programs}")]
    text = "# What a packet and a policy change cost\n\nMade by `make bench-report` from [results.json](results.json); "
    text += "not to be edited, save [notes.md](notes.md).\n\n" + tables.markdown(["", ""], [[k, v] for k, v in facts])
    if results.missing():
        text += f"\n**Missing**: {', '.join(results.missing())} did not run; what needs it says \"not measured\".\n"
    if results.quick():
        text += "\n**A quick run**: fewer sizes and rounds than the report is meant to have.\n"
    return text


def old_commit(results):
    return next((s["commit"][:12] for s in results.settings if "commit" in s), "not measured")


def packet_text(results):
    text = "## Per packet\n\n"
    text += ("### Cold: many remote addresses\n\nWhat a busy node sees. Each tuple has a remote address of its own, and "
             "each pass a new epoch: every new connection\nis judged from the tables. Elsewhere all tuples share few remote "
             "addresses, so that what is known of one is in the\ncaches, and a CPU remembers how it was judged.\n\n"
             f"{tables.packet_remotes(results)}\n")
    for tuples, aloud in (("4096", "4,096"), ("65536", "65,536"), ("262144", "262,144")):
        text += (f"### Every case, {aloud} tuples, base sizes\n\nMedian net ns, and the median multiple of the "
                 f"reference.\n\n{tables.packet_cases(results, tuples)}\n")
    text += "The tables of growth put both hooks and both protocols into one row: the median of theirs.\n\n"
    for axis, aloud in AXES.items():
        text += f"### Growth: {aloud}\n\n{tables.packet_axis(results, axis)}\n"
    text += f"### Growth: many addresses and policies at once\n\n{tables.packet_corner(results)}\n"
    text += ("### The same in several groups\n\nHow far one case differs between worlds and rounds of one run: take no "
             f"ratio of this report to be surer than that.\n\n{tables.packet_again(results)}\n")
    text += f"### The references\n\nF0 as it is, the others net of it.\n\n{tables.packet_references(results)}\n"
    text += ("### What the kernel's own tables would give\n\nThe programs as they were before Sluice had tables of its own "
             "(commit " + old_commit(results) + "), by their own benchmark,\nin turns with the present ones; each in the "
             f"reference of its own rounds (`make bench-old`).\n\n{tables.old(results)}\n")
    return text + f"### What isn't noisy\n\n{tables.facts(results, 'packet')}\n"


def change_text(results):
    return (f"## Per change\n\n### Time\n\n{tables.change_latency(results)}\n"
            "### Map entries a change\n\nThe mean of all events: all that were written, those written until the new "
            f"state was in force, and the least that any plan must write.\n\n{tables.change_entries(results)}\n"
            f"### Map programming against the raw batch\n\n{tables.programming(results)}\n"
            f"### What isn't noisy\n\n{tables.facts(results, 'change')}\n")


def wire_text(results):
    cases = [s.case for s in results.select("wire") if s.case.split("-")[0] != "cpu"] or tables.WIRE_CASES
    cases = tables.in_order(cases, tables.WIRE_CASES)
    return "## On the wire\n\n" + "".join(f"### {case}\n\n{tables.wire(results, case)}\n" for case in cases)


def flood_text(results):
    return (f"## Under a flood\n\n{tables.floods(results)}\n### The floods themselves\n\n"
            f"{tables.facts(results, 'flood')}\n")


def plot_text(drawn):
    if not drawn:
        return ""
    return "## Plots\n\n" + "".join(
        f"{title[0].upper()}{title[1:]}:\n\n![{title}]({name})\n\n" for name, title in drawn)


def report(results, drawn, notes):
    parts = [heading(results), (HERE / "reading.md").read_text(encoding="utf-8"),
             "## What it must reach\n\n" + tables.target_table(results)
             + "\n\"Last map write\" is the one that puts the change in force; deleting what only the state before\n"
             "needed comes after it and is not counted (`grace` and `cleanup` below). Packets go to few remote\n"
             "addresses; what many cost stands under \"Cold\".\n",
             "### Against the closest comparable agent\n\n"
             "Its figures are quoted, measured on another machine of this kind where F1 cost about 40 net ns; nothing\n"
             "of it ran or was checked here. \"Times faster\" is in units of each machine's own F1.\n\n"
             + tables.others_table(results),
             packet_text(results) + change_text(results) + wire_text(results) + flood_text(results) + plot_text(drawn).rstrip("\n"),
             "## What is not reached\n\n" + tables.missed(results), notes]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="report.py", description="Writes docs/benchmarks from result documents.")
    parser.add_argument("--into", required=True, type=pathlib.Path, help="folder of the report")
    parser.add_argument("--results-only", action="store_true", help="only FOLDER/results.json")
    parser.add_argument("documents", nargs="+", metavar="RESULTS.json")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    try:
        results = read.merged([read.load(path) for path in options.documents], options.documents)
        options.into.mkdir(parents=True, exist_ok=True)
        read.dump(results, options.into / "results.json")
        if not options.results_only:
            import plots  # matplotlib is wanted only here
            drawn = plots.draw_all(results, options.into)
            notes = options.into / "notes.md"
            text = report(results, drawn, notes.read_text(encoding="utf-8") if notes.exists() else "")
            (options.into / "README.md").write_text(text, encoding="utf-8")
    except read.Unchecked as error:
        return fail(error, 1)
    except (read.BadInput, OSError) as error:
        return fail(error, 2)
    except ImportError as error:
        return fail(f"{error}: sudo deploy/install-deps.sh bench", 2)
    missing = f"; missing: {', '.join(results.missing())}" if results.missing() else ""
    print(f"report: {len(results.series)} series, {len(results.facts)} facts into {options.into}{missing}")
    return 0


def fail(what, code):
    print(f"report: {what}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
