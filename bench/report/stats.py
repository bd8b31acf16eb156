"""Medians, spreads and intervals of rounds, with the standard library only. Nothing here is random."""

import math
from dataclasses import dataclass

Z99 = 2.5758  # two-sided 99 % of the normal distribution
MOST_ROUNDS = 100  # rounds used of each side where every one of A meets every one of B


@dataclass(frozen=True)
class Spread:
    """What is said of a list of values: the median, and the range that holds the middle 80 %."""

    median: float
    p10: float
    p90: float
    p99: float
    count: int


def quantile(values, q):
    """The q-quantile, linear between neighbours."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(values):
    return quantile(values, 0.5)


def spread(values):
    return Spread(median(values), quantile(values, 0.1), quantile(values, 0.9), quantile(values, 0.99), len(values))


def thin(values, most=MOST_ROUNDS):
    """At most `most` values, evenly taken in their order of arrival."""
    if len(values) <= most:
        return list(values)
    return [values[i * len(values) // most] for i in range(most)]


def quotients(above, below):
    """Every value of `above` divided by every value of `below`, sorted: for two lists that share no rounds.

    Values that are not above zero have no quotient; where most of a list are such, there is none at all.
    """
    lists = [[x for x in thin(values) if x > 0] for values in (above, below)]
    if any(2 * len(left) < len(thin(values)) for left, values in zip(lists, (above, below))):
        return []
    return sorted(a / b for a in lists[0] for b in lists[1])


def quotient_interval(above, below):
    """(low, middle, high): how many times larger `above` is than `below`, with a 99 % confidence interval.

    The rank-sum (Mann-Whitney) test turned round, as Hodges and Lehmann did: the middle is the median of all
    quotients, the ends are those order statistics at which the test would just reject. No shape of the
    distribution is assumed. With fewer than five rounds a side the interval is all that was seen, and less sure.
    """
    every = quotients(above, below)
    if not every:
        return None
    m, n = (sum(1 for x in thin(values) if x > 0) for values in (above, below))
    rank = math.floor(m * n / 2 - Z99 * math.sqrt(m * n * (m + n + 1) / 12))
    rank = min(max(rank, 1), (len(every) + 1) // 2)
    return every[rank - 1], median(every), every[-rank]
