"""What the plots share: paper, colours, and names that stand beside what they name.

Text stays text (small files, searchable); the paper is white whatever is behind it, so that a plot reads alike on light
and dark pages. Colours are those of Okabe and Ito, darkened until they can be read as text: told apart with any colour
vision. The same results give the same bytes.
"""

import logging

import matplotlib

matplotlib.use("svg")
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a reader may have the second font, not we

from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator  # noqa: E402

import tables  # noqa: E402

INK, FAINT = "#24292f", "#d0d7de"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072b2", "#b87500", "#00805e", "#d55e00", "#a8528a", "#2f8fc4", "#57606a")
STYLE = {
    "svg.hashsalt": "sluice", "svg.fonttype": "none", "font.family": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 9, "figure.facecolor": "white", "axes.edgecolor": FAINT, "axes.labelcolor": INK, "text.color": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9,
    "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.axisbelow": True, "grid.color": FAINT,
    "grid.linewidth": 0.6,
}
LABEL_GAP = 12  # points between the middles of two labels at a line's end


def spread_labels(heights, gap, lowest, highest):
    """The heights moved apart until no two are nearer than `gap`, from `lowest` to `highest` if they fit."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    blocks = [[heights[i], [i]] for i in order]  # [middle, members]
    merged = []
    for block in blocks:
        merged.append(block)
        while len(merged) > 1:
            (low, below), (high, above) = merged[-2], merged[-1]
            if high - low >= gap * (len(below) + len(above)) / 2:
                break
            n = len(below) + len(above)
            merged[-2:] = [[(low * len(below) + high * len(above)) / n, below + above]]
    placed = [0.0] * len(heights)
    for middle, members in merged:
        for k, i in enumerate(members):
            placed[i] = middle + gap * (k - (len(members) - 1) / 2)
    upwards = sorted(order, key=lambda i: placed[i])
    for i in reversed(upwards):
        placed[i] = min(placed[i], highest)
        highest = placed[i] - gap
    for i in upwards:
        placed[i] = max(placed[i], lowest)
        lowest = placed[i] + gap
    return placed


def label_ends(axes, ends):
    """Names lines where they end: [(x, y, text, colour)]; call it when the limits stand."""
    if not ends:
        return
    axes.figure.canvas.draw()
    pixels = [axes.transData.transform((x, y))[1] for x, y, _, _ in ends]
    scale = axes.figure.dpi / 72
    right = max(x for x, _, _, _ in ends)
    frame = axes.get_window_extent()
    placed = spread_labels(pixels, LABEL_GAP * scale, frame.y0, frame.y1)
    for (_, y, text, colour), at, was in zip(ends, placed, pixels):
        axes.annotate(text, (right, y), xytext=(6, (at - was) / scale), textcoords="offset points", color=colour,
                      va="center", fontsize=8, annotation_clip=False)


def log_sizes(axes, values, which="x"):
    """A logarithmic axis with a tick at every measured size."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    getattr(axes, f"set_{which}scale")("log")
    axis.set_major_locator(matplotlib.ticker.FixedLocator(values))
    axis.set_major_formatter(FuncFormatter(lambda v, _: tables.size_text(round(v))))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def name_bar(axes, x, row, text):
    """Writes at the end of a bar, on white, so that lines pass behind."""
    axes.annotate(text, (x, row), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})
