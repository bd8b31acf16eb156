"""Compares two results series by series: what got better or worse by more than noise.

Each series is first set against its reference in the same rounds (pair.py), so that the speed of the machine cancels.
Then every round of B is divided by every round of A. A verdict other than `unchanged` needs both: the 99 % interval of
that quotient (stats.quotient_interval, the rank-sum test turned round) leaves 1 out, and its middle is off by at least
the threshold: by less than that the same build differs from one run to the next, as its maps happen to lie. Facts have
no noise and are compared exactly, save those in NOISY_FACTS.
"""

from dataclasses import asdict, dataclass

import pair
import read
import stats

THRESHOLD = 0.05  # the least change of a series that counts, as a share
UNPAIRED = 3  # so many times the threshold where no reference ran beside it: the machine's mood does not cancel
# A share; what the allocator and the page size decide.
NOISY_FACTS = {"resident_bytes": 0.03, "resident_peak_bytes": 0.03, "bytes_per_pod": 0.03, "bytes_per_policy": 0.03,
               "bytes_per_identity": 0.03, "map_bytes": 0.03}
# Facts about the work, not about how it is done.
YARDSTICKS = ("least_possible", "connections_idle", "flood_connections", "flood_displaced", "flood_ns")
FEWEST_ROUNDS = 5  # below, chance alone would too often order the rounds of A and B
WORSE, BETTER, UNCHANGED = "worse", "better", "unchanged"
TOO_FEW, OTHER_MACHINE = "too few rounds", "other machine"


@dataclass(frozen=True)
class Verdict:
    """`change` is B over A, with its interval; 1.1 is a tenth more costly. before and after are medians in `unit`."""

    verdict: str
    suite: str
    case: str
    contender: str
    what: str
    before: float
    after: float
    unit: str
    change: float
    low: float
    high: float

    def counts(self):
        """Whether it is Sluice that changed: what other contenders cost is their own affair."""
        return self.contender in ("sluice", "")

    def row(self):
        return asdict(self)


def keyed(results, everything):
    """{(suite, case, contender, labels): series}; the group is added where that alone isn't one of a kind."""
    short = {}
    for s in everything:
        short.setdefault((s.suite, s.case, s.contender, s.labels), []).append(s)
    return {key if len(found) == 1 else (*key, s.group): s for key, found in short.items() for s in found}


def same_machine(a, b):
    return all(a.host.get(k) == b.host.get(k) for k in ("cpu", "cores", "kernel"))


def rounds_of(results, series):
    """(rounds, their unit, whether the machine's speed cancels)."""
    reference = pair.reference_name(series)
    ratio = pair.against(results, series)
    if ratio:
        return ratio.values, f"× {ratio.reference}", True
    if reference is None:
        return series.rounds, series.unit, False
    return None, None, False


def judge(a, b, mine, theirs, threshold):
    """The Verdict on one series of B (`theirs`) against the same of A (`mine`); None where nothing can be compared."""
    before, unit, cancels = rounds_of(a, mine)
    after, other_unit, _ = rounds_of(b, theirs)
    if before is None or after is None or unit != other_unit:
        return None
    interval = stats.quotient_interval(after, before)
    if interval is None:
        return None
    low, change, high = interval
    threshold *= 1 if cancels else UNPAIRED
    if not cancels and not same_machine(a, b):
        verdict = OTHER_MACHINE
    elif min(len(before), len(after)) < FEWEST_ROUNDS:
        verdict = TOO_FEW
    elif low > 1 and change >= 1 + threshold:
        verdict = WORSE
    elif high < 1 and change <= 1 / (1 + threshold):
        verdict = BETTER
    else:
        verdict = UNCHANGED
    return Verdict(verdict, mine.suite, mine.case, mine.contender, mine.what(), stats.median(before),
                   stats.median(after), unit, change, low, high)


def judge_fact(mine, theirs):
    slack = NOISY_FACTS.get(mine.name, 0)
    worse, better = theirs.value > mine.value * (1 + slack), theirs.value < mine.value / (1 + slack)
    change = theirs.value / mine.value if mine.value else float(theirs.value > 0) + 1
    verdict = WORSE if worse else BETTER if better else UNCHANGED
    return Verdict(verdict, mine.suite, mine.name, "", read.brief(mine.labels), mine.value, theirs.value, mine.unit,
                   change, change, change)


def compare(a, b, threshold=THRESHOLD):
    """([Verdict], names only in A, names only in B); only what has a reference, or nothing to be one, is compared."""
    left, right = (keyed(r, [s for s in r.series if not pair.is_reference(s)]) for r in (a, b))
    verdicts = [judge(a, b, s, right[key], threshold) for key, s in left.items() if key in right]
    facts_left, facts_right = ({(f.suite, f.name, f.labels): f for f in r.facts if f.name not in YARDSTICKS}
                               for r in (a, b))
    verdicts += [judge_fact(f, facts_right[key]) for key, f in facts_left.items() if key in facts_right]

    def only(here, there, facts_here, facts_there):
        return ([s.name() for key, s in here.items() if key not in there]
                + [" ".join((f.suite, f.name, read.brief(f.labels))).strip() for key, f in facts_here.items()
                   if key not in facts_there])

    return ([v for v in verdicts if v], only(left, right, facts_left, facts_right),
            only(right, left, facts_right, facts_left))


def got_worse(verdicts):
    return any(v.verdict == WORSE and v.counts() for v in verdicts)
