"""All plots of the report, in its order."""

import canvas  # first: it chooses how matplotlib draws
import matplotlib.pyplot as plt

import plot_change
import plot_packet
import plot_wire

AXES = {"addresses": "known addresses", "policies": "policies", "ranges": "port ranges", "cidrs": "CIDRs known",
        "fill": "flow table filled, %"}


def draw_all(results, folder, kind="svg"):
    """Every plot that the results have data for: [(file name, title)]."""
    drawn = []
    with plt.rc_context(canvas.STYLE):
        for name, title, figure in every_figure(results):
            if figure is not None:
                undated = {"Date": None} if kind == "svg" else None
                figure.savefig(folder / f"{name}.{kind}", format=kind, metadata=undated, dpi=100)
                plt.close(figure)
                drawn.append((f"{name}.{kind}", title))
    return drawn


def every_figure(results):
    for tuples, aloud in (("4096", "4,096"), ("65536", "65,536")):
        yield (f"packet-cases-{tuples}", f"net ns of each case, {aloud} tuples",
               plot_packet.cases_figure(results, tuples, aloud))
    for axis, aloud in AXES.items():
        yield f"packet-{axis}", f"net ns a packet against {aloud}", plot_packet.axis_figure(results, axis, aloud)
    yield "change-latency", "how long a change takes to be in force", plot_change.latency_figure(results)
    yield ("wire-contenders", "cost on the wire, by contender (a bar with an arrow is cut)",
           plot_wire.contenders_figure(results))
    yield "wire-policies", "cost on the wire against number of policies", plot_wire.policies_figure(results)
