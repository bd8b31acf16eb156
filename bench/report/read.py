"""Reads result documents of the benchmarks (schema sluice-bench-1) and says in one line what is wrong with one.

Law: rounds[i] of all series with the same (suite, group) were measured in the same round, so they may be paired by i.
Law: no agreement, no number: a contender that answers packets is refused when no answer of it was checked.
Units are those of the document ("ns", "us", "ns per entry", ...); every one of them is a cost: lower is better.
"""

import json
import math
from dataclasses import dataclass

SCHEMA = "sluice-bench-1"
ANSWERING = ("sluice", "nftables", "iptables", "ipset")
SUITES = {"packet": "bench_packet", "change": "bench_change", "wire": "bench_wire", "flood": "bench_flood"}
SAME_HOST = ("cpu", "cores", "kernel", "commit")
# The sizes around which one axis at a time is varied; a series that doesn't name one is measured at it.
BASE = {"addresses": 10, "policies": 10, "ranges": 1, "cidrs": 10, "fill": 10}


class BadInput(Exception):
    """A document that cannot be used: one line, which document, which part, what is wrong."""


class Unchecked(BadInput):
    """A series whose answers nobody compared with the reference engine."""


@dataclass(frozen=True)
class Series:
    """The rounds of one contender on one case."""

    suite: str
    group: str
    contender: str
    case: str
    labels: tuple
    unit: str
    rounds: tuple
    checked: int

    def label(self, name):
        return dict(self.labels).get(name, "")

    def size(self, name):
        """A label as a number; the base size where the series has none."""
        return number(self.label(name), BASE.get(name, 0))

    def sizes(self):
        return {name: self.size(name) for name in BASE}

    def name(self):
        return " ".join(filter(None, (self.suite, self.case, self.contender, self.what())))

    def what(self):
        """The labels in short; what isn't said of a packet is the base size."""
        return brief(self.labels, BASE if self.suite == "packet" else ())


@dataclass(frozen=True)
class Fact:
    """A figure that isn't noisy."""

    suite: str
    name: str
    labels: tuple
    value: float
    unit: str

    def label(self, name):
        return dict(self.labels).get(name, "")


class Results:
    """What one or several documents of the same host hold. Order is that of the documents."""

    def __init__(self, host, settings, series, facts):
        self.host, self.settings, self.series, self.facts = host, settings, series, facts
        self.groups = {}
        for s in series:
            self.groups.setdefault((s.suite, s.group), []).append(s)

    def beside(self, series):
        """All that was measured in the rounds of this series, itself included."""
        return self.groups[series.suite, series.group]

    def select(self, suite, contender=None, cases=None, **labels):
        """The series of a suite with this contender, one of these cases and these labels."""
        return [s for s in self.series
                if s.suite == suite and contender in (None, s.contender) and (cases is None or s.case in cases)
                and all(s.label(k) == v for k, v in labels.items())]

    def once(self, series):
        """Of what was measured in several groups, the one of the group that varies most of it, the first of those."""
        variants = {}
        for s in series:
            key = (s.suite, s.group, s.contender, s.case, *((k, v) for k, v in s.labels if k not in BASE))
            variants.setdefault(key, []).append(s)
        kept = {}
        for found in sorted(variants.values(), key=len, reverse=True):
            for s in found:
                kept.setdefault((s.suite, s.contender, s.case, s.labels), s)
        return [s for s in series if kept[s.suite, s.contender, s.case, s.labels] is s]

    def suites(self):
        return {s.suite for s in self.series} | {f.suite for f in self.facts}

    def missing(self):
        """The programs whose results are not here."""
        return [program for suite, program in SUITES.items() if suite not in self.suites()]

    def quick(self):
        return any(s.get("quick") for s in self.settings)


def number(text, otherwise=0):
    """"100000", "100k" and "10 %" as numbers."""
    text = str(text).replace("%", "").replace(",", "").strip()
    scale = 1000 if text.endswith("k") else 1
    try:
        return int(text[:-1] if scale > 1 else text) * scale
    except ValueError:
        return otherwise


def brief(labels, implied=()):
    """Labels in one short string: values that speak for themselves bare, the others named, those at base left out."""
    labels = {k: v for k, v in labels if k != "driver" and not (k in implied and number(v) == BASE[k])}
    bare = [labels.pop(k) for k in ("family", "hook", "protocol", "what", "program") if k in labels]
    return " ".join(bare + [f"{k}={v}" for k, v in labels.items()])


def load(path):
    """The Results of one document."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path}: no JSON: {error}") from None
    return from_document(document, path)


def from_document(document, path):
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise BadInput(f"{path}: schema: {found!r}, wanted {SCHEMA!r}: run the benchmark again")
    host = field(document, "host", dict, path)
    settings = document.get("settings", [])
    settings = [settings] if isinstance(settings, dict) else settings
    if not isinstance(settings, list) or not all(isinstance(s, dict) for s in settings):
        raise BadInput(f"{path}: settings: neither an object nor a list of objects")
    series = [a_series(s, f"{path}: series {i}") for i, s in enumerate(field(document, "series", list, path))]
    facts = [a_fact(f, f"{path}: fact {i}") for i, f in enumerate(document.get("facts", []))]
    return merged([Results(host, settings, series, facts)], [path])


def field(node, name, kind, where):
    value = node.get(name) if isinstance(node, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadInput(f"{where}: {name}: {'missing' if value is None else f'not a {kind.__name__}: {value!r}'}")
    return value


def labels_of(node, where):
    labels = field(node, "labels", dict, where) if isinstance(node, dict) and "labels" in node else {}
    return tuple((k, str(v)) for k, v in sorted(labels.items()))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def a_series(node, where):
    texts = [field(node, k, str, where) for k in ("suite", "group", "contender", "case")]
    where = f"{where} ({' '.join(texts)})"
    rounds = field(node, "rounds", list, where)
    if not rounds or not all(is_number(x) and x >= 0 for x in rounds):
        raise BadInput(f"{where}: rounds: {'not all are costs: finite, not negative' if rounds else 'empty'}")
    return Series(*texts, labels_of(node, where), field(node, "unit", str, where), tuple(rounds),
                  field(node, "checked", int, where))


def a_fact(node, where):
    if not is_number(field(node, "value", (int, float), where) if isinstance(node, dict) and "value" in node else None):
        raise BadInput(f"{where}: value: missing or no number")
    return Fact(field(node, "suite", str, where), field(node, "name", str, where), labels_of(node, where),
                node["value"], field(node, "unit", str, where))


def merged(parts, paths):
    """One Results of several, which must come from the same host and commit."""
    for part, path in zip(parts, paths):
        for key in SAME_HOST:
            mine, theirs = part.host.get(key), parts[0].host.get(key)
            if mine != theirs:
                raise BadInput(f"{path}: host.{key}: {mine!r}, but {paths[0]} has {theirs!r}: measure them together")
    whole = Results(parts[0].host, [s for p in parts for s in p.settings], [s for p in parts for s in p.series],
                    [f for p in parts for f in p.facts])
    seen = set()
    for s in whole.series:
        identity = (s.suite, s.group, s.contender, s.case, s.labels)
        if identity in seen:
            raise BadInput(f"{', '.join(paths)}: {s.name()}: twice in group {s.group}")
        seen.add(identity)
        refuse_unchecked(s)
    return whole


def refuse_unchecked(series):
    if series.contender in ANSWERING and series.checked <= 0:
        raise Unchecked(f"{series.name()}: no answer was checked against the reference engine: no agreement, no number")


def dump(results, path):
    """All results as one document, a series a line, so that two of them can be compared by diff too."""
    def line(node):
        return json.dumps(node, ensure_ascii=False)

    def rows(nodes):
        return ",\n    ".join(line(n) for n in nodes)

    series = [{"suite": s.suite, "group": s.group, "contender": s.contender, "case": s.case, "labels": dict(s.labels),
               "unit": s.unit, "checked": s.checked, "rounds": [float(f"{x:.7g}") for x in s.rounds]}
              for s in results.series]
    facts = [{"suite": f.suite, "name": f.name, "labels": dict(f.labels), "value": f.value, "unit": f.unit}
             for f in results.facts]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{{\n  "schema": {line(SCHEMA)},\n  "host": {line(results.host)},\n'
                   f'  "settings": {line(results.settings)},\n  "series": [\n    {rows(series)}\n  ],\n'
                   f'  "facts": [\n    {rows(facts)}\n  ]\n}}\n')
