"""Plots of suite packet: the bars of all cases, and the cost over each size."""

import matplotlib.pyplot as plt

import canvas
import pair
import read
import stats
import tables
import targets

# What an axis may cost: (contender, case, how the line is called, colour).
LINES = (
    ("sluice", "new-pod-peer", "Sluice, new (pod)", canvas.BLUE),
    ("sluice", "new-ipblock", "Sluice, new (ipBlock)", canvas.SKY),
    ("sluice", "established", "Sluice, established", canvas.GREEN),
    ("sluice", "denied-port", "Sluice, denied", canvas.PURPLE),
    ("F2", None, "F2 miss + insert", canvas.GREY),
    ("F1", None, "F1 one LRU hit", canvas.GREY),
    ("lpm", None, "LPM trie", canvas.RED),
)
BAR_COLOURS = {"new": canvas.SKY, "denied": canvas.PURPLE}  # by the first word of the case


def first_of_a_kind(series):
    """Of the hooks and protocols a case was measured with, one: egress and TCP where there are such."""
    return min(series, key=lambda s: (s.label("hook") != "egress", s.label("protocol") != "TCP", s.labels))


def axis_lines(results, axis, family):
    """[(name, colour, is reference, [(size, Spread of net ns)])] at 4,096 tuples, the other sizes at their base."""
    on_axis = [s for s in pair.on_axis(results, axis, family=family, tuples="4096") if s.label("report") != "on"]
    for contender, case, name, colour in LINES:
        points = {}
        for s in on_axis:
            if s.case == case or case is None:
                points.setdefault(s.size(axis), []).append(s)
        found = {size: first_of_a_kind(series) for size, series in sorted(points.items())}
        if contender != "sluice":
            found = {size: pair.beside(results, s, contender) for size, s in found.items()}
        line = [(size, stats.spread(costs)) for size, costs in
                ((size, pair.net(results, s)) for size, s in found.items() if s) if costs]
        if contender == "lpm":
            if axis != "addresses":
                continue
            if len({id(s) for s in found.values()}) == 1:  # one trie for all rounds of the group: the largest
                name = f"LPM trie of {tables.size_text(max(found))}"
        if len(line) > 1:
            yield name, colour, contender != "sluice", line


def axis_figure(results, axis, aloud):
    families = [(f, list(axis_lines(results, axis, f))) for f in ("IPv4", "IPv6")]
    families = [(f, lines) for f, lines in families if any(not reference for _, _, reference, _ in lines)]
    if not families:
        return None
    figure, panels = plt.subplots(1, len(families), figsize=(4.6 * len(families), 3.3), sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.62 / (4.6 * len(families)), right=1 - 1.45 / (4.6 * len(families)), bottom=0.17,
                           top=0.86, wspace=0.55)
    for axes, (family, lines) in zip(panels[0], families):
        for _, colour, reference, line in lines:
            sizes = [size for size, _ in line]
            axes.plot(sizes, [s.median for _, s in line], color=colour, lw=1.3 if reference else 2,
                      ls="--" if reference else "-", marker=None if reference else "o", ms=4)
            axes.fill_between(sizes, [s.p10 for _, s in line], [s.p90 for _, s in line], color=colour, alpha=0.15, lw=0)
        canvas.log_sizes(axes, sorted({size for _, _, _, line in lines for size, _ in line}))
        axes.set_title(f"{family}: net ns a packet, 4,096 tuples")
        axes.set_xlabel(aloud)
        axes.grid(axis="y")
    panels[0, 0].set_ylim(bottom=0)  # shared, so only once all is drawn
    for axes, (_, lines) in zip(panels[0], families):
        canvas.label_ends(axes, [(line[-1][0], line[-1][1].median, name, colour) for name, colour, _, line in lines])
    return figure


def case_bars(results, tuples, family):
    """[(name, series of all hooks and protocols)] at base sizes, in the order of the tables."""
    found = [s for s in results.select("packet", "sluice", family=family, tuples=tuples) if targets.at_base(s)]
    aloud = {("report", "on"): "report on", ("report", "suppressed"): "no report"}
    unsaid = ("driver", "family", "tuples", *read.BASE)
    for (case, _, fixed), cells in tables.rows_of(results.once(found), "hook", "protocol").items():
        rest = [aloud.get(label, label[1]) for label in fixed if label[0] not in unsaid]
        yield ", ".join([case, *rest]), list(cells.values())


def reference_lines(axes, results, bars):
    for contender, colour in (("F1", canvas.GREEN), ("F2", canvas.RED)):
        every = [pair.beside(results, s, contender) for _, series in bars for s in series]
        costs = [stats.median(pair.net(results, s)) for s in dict.fromkeys(filter(None, every))]
        if costs:
            at = stats.median(costs)
            axes.axvline(at, color=colour, lw=1.2, ls="--")
            axes.text(at, -0.75, contender, color=colour, ha="center", va="bottom", fontsize=8)


def cases_figure(results, tuples, aloud):
    """A bar is the median over hooks and protocols, the whisker goes from the least p10 to the greatest p90."""
    families = [(f, list(case_bars(results, tuples, f))) for f in ("IPv4", "IPv6")]
    families = [(f, bars) for f, bars in families if bars]
    if not families:
        return None
    most = max(len(bars) for _, bars in families)
    figure, panels = plt.subplots(1, len(families), figsize=(4.4 * len(families) + 1.2, 1.1 + 0.27 * most), sharex=True,
                                  squeeze=False, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.05)
    for axes, (family, bars) in zip(panels[0], families):
        for row, (name, series) in enumerate(bars):
            spreads = [stats.spread(c) for c in (pair.net(results, s) for s in series) if c]
            if not spreads:
                continue
            middle, high = stats.median([s.median for s in spreads]), max(s.p90 for s in spreads)
            colour = BAR_COLOURS.get(name.split("-")[0], canvas.BLUE)
            axes.barh(row, middle, color=colour, height=0.68)
            axes.plot([min(s.p10 for s in spreads), high], [row, row], color=canvas.INK, lw=0.9)
            canvas.name_bar(axes, high, row, tables.figure(middle))
        axes.set_yticks(range(len(bars)), [name for name, _ in bars])
        axes.set_ylim(most - 0.4, -0.8)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.set_title(f"{family}: net ns a packet, {aloud} tuples", pad=14)
        reference_lines(axes, results, bars)
    for axes in panels[0]:
        axes.set_xlim(0, axes.get_xlim()[1] * 1.12)
    return figure
