"""Plot of suite change: the distribution of how long a change takes to be in force."""

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

import canvas
import stats
import tables
import targets

CURVE_POINTS = 50  # of a distribution, whatever the number of events


def latency_series(results):
    """event-to-write of each case at the largest size measured, fewest local pods."""
    found = [s for s in results.select("change", "sluice", what="event-to-write") if not s.size("tiers")]
    largest = max(((s.size("pods"), s.size("policies"), -s.size("local")) for s in found), default=None)
    return largest, [s for s in found if (s.size("pods"), s.size("policies"), -s.size("local")) == largest]


def latency_figure(results):
    """A row a case, so that no two curves meet: the share of events that were in force after so long."""
    largest, series = latency_series(results)
    if not series:
        return None
    figure, rows = plt.subplots(len(series), 1, figsize=(7.8, 0.75 + 0.62 * len(series)), sharex=True, squeeze=False)
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.25, right=0.77, bottom=0.5 / height, top=1 - 0.35 / height, hspace=0.25)
    for axes, s in zip(rows[:, 0], series):
        every = [x / 1000 for x in s.rounds]
        shares = [i / CURVE_POINTS for i in range(CURVE_POINTS + 1)]
        axes.plot([stats.quantile(every, q) for q in shares], shares, color=canvas.BLUE, lw=1.8)
        v = stats.spread(every)
        axes.plot([v.p99], [0.99], "o", color=canvas.RED, ms=4)
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(-0.05, 1.12)
        axes.set_yticks([0, 0.5, 1], ["", "50 %", ""], fontsize=7)
        axes.grid(axis="both")
        axes.text(-0.11, 0.5, s.case, transform=axes.transAxes, ha="right", va="center")
        axes.text(1.02, 0.5, f"p50 {tables.figure(v.median)}  p99 {tables.figure(v.p99)} ms", va="center", fontsize=8,
                  transform=axes.transAxes)
        limit = targets.LATENCY_LIMITS_MS.get(s.case)
        if limit:
            axes.axvline(limit, color=canvas.ORANGE, lw=1.2, ls="--")
            axes.annotate(f"≤ {limit} ms", (limit, 0.06), xytext=(-3, 0), textcoords="offset points", ha="right",
                          color=canvas.ORANGE, fontsize=7.5)
    rows[0, 0].set_title(f"Share of events in force: {tables.size_text(largest[0])} pods, "
                         f"{tables.size_text(largest[1])} policies, {-largest[2]} local pods")
    rows[-1, 0].set_xlabel("ms from the decoded event to the last map write; the dot is p99")
    rows[-1, 0].xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    return figure
