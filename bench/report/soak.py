#!/usr/bin/python3
"""Draws what a long run of tests/soak saw: the agent's memory, descriptors, map entries and how long changes took.

usage: soak.py --into PLOT.svg SAMPLES.csv
SAMPLES.csv is what SLUICE_SOAK_SAMPLES names: a line a round, restarts of the agent among them. Exit 2: bad usage, or a
file that cannot be used, with one line that says which.
"""

import argparse
import csv
import pathlib
import sys

sys.dont_write_bytecode = True

import stats  # noqa: E402

COLUMNS = ("seconds", "milliseconds", "resident_kib", "descriptors", "entries", "flows", "what")
RESTART = "restart"
WINDOWS = 120  # into which changes are gathered, for their quantiles


def read(path):
    """The rows with numbers for numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or tuple(rows[0]) != COLUMNS or any(None in row.values() for row in rows):
        raise ValueError("no samples of a soak")
    return [{key: text if key == "what" else float(text) for key, text in row.items()} for row in rows]


def latencies(changes):
    """[(middle of the window in hours, p50, p99)]"""
    size = max(1, len(changes) // WINDOWS)
    points = []
    for at in range(0, len(changes), size):
        some = changes[at:at + size]
        took = [row["milliseconds"] for row in some]
        points.append((some[len(some) // 2]["seconds"] / 3600, stats.quantile(took, 0.5), stats.quantile(took, 0.99)))
    return points


def draw(rows, plot):
    import canvas  # first: it chooses how matplotlib draws; whoever only reads needs neither
    import matplotlib.pyplot as plt

    with plt.rc_context(canvas.STYLE):
        figure_of(rows, canvas, plt).savefig(plot, format="svg", metadata={"Date": None})


def figure_of(rows, canvas, plt):
    changes = [row for row in rows if row["what"] != RESTART]
    restarts = [row["seconds"] / 3600 for row in rows if row["what"] == RESTART]
    hours = [row["seconds"] / 3600 for row in rows]
    figure, (memory, held, late) = plt.subplots(3, 1, figsize=(7.8, 6.2), sharex=True)
    figure.subplots_adjust(left=0.1, right=0.82, bottom=0.09, top=0.93, hspace=0.32)
    memory.plot(hours, [row["resident_kib"] / 1024 for row in rows], color=canvas.BLUE, lw=1.2)
    memory.set_title(f"Memory of the agent, MiB; {len(changes):,} changes, an orange line at each of its "
                     f"{len(restarts)} restarts")
    for name, of, colour in (("map entries", "entries", canvas.GREEN), ("descriptors", "descriptors", canvas.PURPLE)):
        held.plot(hours, [row[of] for row in rows], color=colour, lw=1.2)
    held.set_title("What it holds")
    points = latencies(changes)
    late.plot([p[0] for p in points], [p[1] for p in points], color=canvas.BLUE, lw=1.2)
    late.plot([p[0] for p in points], [p[2] for p in points], color=canvas.RED, lw=1.2)
    late.set_title("From a changed file to its being in force, ms")
    late.set_xlabel("hours")
    for axes in (memory, held, late):
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        for at in restarts:
            axes.axvline(at, color=canvas.ORANGE, lw=0.8)
    canvas.label_ends(held, [(hours[-1], rows[-1]["entries"], "map entries", canvas.GREEN),
                             (hours[-1], rows[-1]["descriptors"], "descriptors", canvas.PURPLE)])
    canvas.label_ends(late, [(points[-1][0], points[-1][1], "p50", canvas.BLUE),
                             (points[-1][0], points[-1][2], "p99", canvas.RED)])
    return figure


def main(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=pathlib.Path, required=True, metavar="PLOT.svg")
    parser.add_argument("samples", type=pathlib.Path)
    arguments = parser.parse_args(words)
    try:
        rows = read(arguments.samples)
    except (OSError, ValueError, csv.Error) as error:
        print(f"soak.py: {arguments.samples}: {error}", file=sys.stderr)
        return 2
    draw(rows, arguments.into)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
