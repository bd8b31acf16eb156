"""Plots of suite wire: every contender's cost, and how it grows with the policies."""

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

import canvas
import pair
import stats
import tables

CUT = 3
CASES = ("small-packets", "cpu", "new-flows", "connections", "connections-two-threads", "bulk")
COLOURS = {"sluice": canvas.BLUE, "nftables": canvas.GREEN, "iptables": canvas.RED, "ipset": canvas.PURPLE}


def wire_panels(results, wanted):
    """{case: its series}, one of a kind of (contender, policies)."""
    panels = {}
    for s in results.select("wire"):
        if s.case in wanted:
            policies = s.size("policies") if s.label("policies") else None
            panels.setdefault(s.case, {}).setdefault((s.contender, policies), s)
    return {case: panels[case] for case in wanted if case in panels}


def contenders_figure(results):
    """Each contender at its greatest number of policies."""
    panels = wire_panels(results, CASES)
    if not panels:
        return None
    columns = min(2, len(panels))
    deep = -(-len(panels) // columns)
    figure, grid = plt.subplots(deep, columns, figsize=(4.6 * columns, 2.4 * deep), squeeze=False, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    for axes in grid.flat[len(panels):]:
        axes.remove()
    for axes, (case, found) in zip(grid.flat, panels.items()):
        contender_bars(axes, results, found)
        axes.set_title(f"{case}: {next(iter(found.values())).unit}")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.6g}"))
        axes.grid(axis="x")
    return figure


def contender_bars(axes, results, found):
    """Bars longer than CUT times the shortest are cut, so that the others can be told apart; an arrow says so."""
    names = tables.in_order([name for name, _ in found], tables.CONTENDERS)
    tallest = [max(((p or 0, s) for (n, p), s in found.items() if n == name), key=lambda one: one[0]) for name in names]
    spreads = [stats.spread(s.rounds) for _, s in tallest]
    least = min(v.median for v in spreads)
    most = max(v.p90 for v in spreads if v.median <= CUT * least)
    for row, (name, (_, s), v) in enumerate(zip(names, tallest, spreads)):
        cut = v.median > CUT * least
        axes.barh(row, 1.15 * most if cut else v.median, color=COLOURS.get(name, canvas.GREY), height=0.66)
        if not cut:
            axes.plot([v.p10, v.p90], [row, row], color=canvas.INK, lw=0.9)
        ratio = pair.against(results, s) if name != "none" else None
        times = f" = {tables.figure(stats.median(ratio.values))} × none" if ratio else ""
        canvas.name_bar(axes, 1.15 * most if cut else v.p90, row, "→ " * cut + tables.figure(v.median) + times)
    axes.set_yticks(range(len(names)),
                    [f"{name}, {tables.size_text(p)}" if p else name for name, (p, _) in zip(names, tallest)])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.85 * most)


def policies_figure(results):
    """No policies stands where one would: a logarithmic axis has no nought."""
    panels = wire_panels(results, CASES)
    panels = {case: found for case, found in panels.items() if len({p for _, p in found if p is not None}) > 1}
    if not panels:
        return None
    columns = min(2, len(panels))
    deep = -(-len(panels) // columns)
    width, height = 4.6 * columns, 2.9 * deep
    figure, grid = plt.subplots(deep, columns, figsize=(width, height), squeeze=False)
    figure.subplots_adjust(left=0.65 / width, right=1 - 0.85 / width, bottom=0.5 / height, top=1 - 0.35 / height,
                           wspace=0.5, hspace=0.4)
    for axes in grid.flat[len(panels):]:
        axes.remove()
    for axes, (case, found) in zip(grid.flat, panels.items()):
        ends = policy_lines(axes, found)
        axes.set_title(f"{case}: {next(iter(found.values())).unit}")
        axes.set_xlabel("policies")
        axes.grid(axis="y")
        canvas.label_ends(axes, ends)
    return figure


def policy_lines(axes, found):
    sizes = sorted({p for _, p in found if p is not None})
    ends, every = [], []
    for name in tables.in_order([name for name, _ in found], tables.CONTENDERS):
        line = sorted((p, stats.spread(s.rounds)) for (n, p), s in found.items() if n == name and p is not None)
        colour = COLOURS.get(name, canvas.GREY)
        if len(line) < 2:  # without policies: a level to hold the others against
            level = stats.median(next(s for (n, _), s in found.items() if n == name).rounds)
            axes.plot([max(sizes[0], 1), sizes[-1]], [level, level], color=colour, lw=1.2,
                      ls="--" if name == "none" else ":")
            ends.append((sizes[-1], level, name, colour))
            every.append(level)
            continue
        at = [max(p, 1) for p, _ in line]
        axes.plot(at, [s.median for _, s in line], color=colour, lw=2, marker="o", ms=4)
        axes.fill_between(at, [s.p10 for _, s in line], [s.p90 for _, s in line], color=colour, alpha=0.15, lw=0)
        ends.append((line[-1][0], line[-1][1].median, name, colour))
        every += [s.median for _, s in line]
    canvas.log_sizes(axes, [max(p, 1) for p in sizes])
    if 0 in sizes:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: "0" if v == 1 else tables.size_text(round(v))))
    if max(every) > 8 * min(every):
        axes.set_yscale("log")
        axes.set_ylim(min(every) / 1.3, max(every) * 1.3)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=0)
    return ends
