"""Pairs a series with what was measured beside it in the same rounds.

Law: a ratio is taken round by round, ratio_i = (x_i - F0_i) / (F_i - F0_i), and only then summed up: never a ratio of
medians. Suite packet is net of F0 (the driver with an empty program) and set against F1, a new flow against F2;
suite wire against no program at all, suite flood against an unrelated sender; map programming against the raw batch of
the same entries.
"""

from dataclasses import dataclass

import read
import stats

FLOOR = "F0"


@dataclass(frozen=True)
class Paired:
    """values[k] belongs to the k-th round that could be used; `dropped` rounds had no reference above the floor."""

    values: tuple
    reference: str
    dropped: int


def is_reference(series):
    return reference_name(series) == series.contender or (series.suite == "packet" and series.contender[:1] == "F")


def reference_name(series):
    """The contender that a series is set against; None where there is none."""
    if series.suite == "packet":
        return "F2" if series.case.startswith("new-") else "F1"
    if series.suite == "wire":
        return "none"
    if series.suite == "flood":
        return "unrelated"
    return "raw" if series.case == "programming" else None


def beside(results, series, contender):
    """The series of `contender` in the same rounds that is most like this one; None where it wasn't measured.

    The floor must be that of the same family and of the same use of the driver (label `driver`; what doesn't say is
    "plain"); the other references stand once for each number of tuples.
    """
    mine = dict(series.labels)

    def conflicts(other):
        return [k for k, v in other.labels if k in mine and mine[k] != v]

    def fits(other):
        must = ("family", "tuples") if contender == FLOOR else ("tuples",)
        if series.suite != "packet":
            must = [k for k in mine if k not in read.BASE]
        return (other.contender == contender and len(other.rounds) == len(series.rounds)
                and (series.suite == "packet" or other.case == series.case)
                and (contender != FLOOR or driver(other) == driver(series)) and not set(conflicts(other)) & set(must))

    return min(filter(fits, results.beside(series)), key=lambda other: len(conflicts(other)), default=None)


def driver(series):
    return series.label("driver") or "plain"


def net(results, series):
    """The rounds of a series less the floor of the same round; as they are in suites without one."""
    if series.suite != "packet":
        return list(series.rounds)
    floor = beside(results, series, FLOOR)
    return [x - f for x, f in zip(series.rounds, floor.rounds)] if floor else None


def against(results, series, contender=None):
    """The series as a multiple of its reference (or of `contender`), round by round."""
    contender = contender or reference_name(series)
    other = beside(results, series, contender) if contender else None
    if other is None:
        return None
    return divided(net(results, series), net(results, other), contender)


def faster(results, series, contender=None):
    """How much of the reference's rate is left, round by round: 1 is all of it."""
    contender = contender or reference_name(series)
    other = beside(results, series, contender) if contender else None
    return divided(net(results, other), net(results, series), contender) if other else None


def divided(above, below, contender):
    if above is None or below is None:
        return None
    values = tuple(a / b for a, b in zip(above, below) if b > 0)
    if 2 * len(values) < len(below):
        return None
    return Paired(values, contender, len(below) - len(values))


def grown(results, large, small):
    """How many times more `large` costs than `small`, net: (values, how they were paired).

    In one group the rounds are paired. In two, no round is shared: each is set against the reference of its own
    round first, so that the machine's drift cancels, and then every round of one against every round of the other.
    """
    if large.group == small.group and len(large.rounds) == len(small.rounds):
        paired = divided(net(results, large), net(results, small), "same rounds")
        return (list(paired.values), "same rounds") if paired else None
    mine, theirs = against(results, large), against(results, small)
    if mine is None or theirs is None:
        return None
    values = stats.quotients(mine.values, theirs.values)
    return (values, f"each in {mine.reference} of its own rounds") if values else None


def cpu_case(case):
    """The case of suite wire that counts the CPU time of the same samples."""
    return "cpu" if case == "small-packets" else f"cpu-{case}"


def kind(series):
    """The labels that are no size."""
    return tuple((k, v) for k, v in series.labels if k not in read.BASE)


def twin(results, series, wanted_kind=None, **sizes):
    """The same series at other sizes, else the one at base sizes; of the same rounds where there is such a one."""
    wanted_kind = kind(series) if wanted_kind is None else wanted_kind
    found = [s for s in results.select(series.suite, series.contender, (series.case,))
             if s is not series and kind(s) == wanted_kind]
    for candidates in ([s for s in found if s.group == series.group], found):
        for wanted in ({**series.sizes(), **sizes}, {**read.BASE, **sizes}):
            for candidate in candidates:
                if candidate.sizes() == wanted:
                    return candidate
    return None


def on_axis(results, axis, **labels):
    """What suite packet measured at more than one size of this axis, the others at their base; each size once."""
    found = results.once([s for s in results.select("packet", "sluice", **labels)
                          if {**s.sizes(), axis: 0} == {**read.BASE, axis: 0}])
    sizes = {}
    for s in found:
        sizes.setdefault((s.case, kind(s)), set()).add(s.size(axis))
    return [s for s in found if len(sizes[s.case, kind(s)]) > 1]
