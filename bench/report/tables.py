"""The report's tables, as Markdown. Every row says how many answers were checked for it, the least of its cells."""

import pair
import read
import stats
import targets

CASES = ("established", "established-reply", "not-isolated", "outdated", "new-pod-peer", "new-ipblock", "new-service",
         "denied-peer", "denied-port", "fragment", "icmp-error")
WIRE_CASES = ("small-packets", "new-flows", "connections", "connections-two-threads", "bulk")
CONTENDERS = ("none", "empty", "empty-clsact", "sluice", "nftables", "iptables", "ipset")
NONE = "–"


def figure(x):
    """About three significant digits, thousands set apart."""
    if x == 0:
        return "0"
    if abs(x) >= 100:
        return f"{x:,.0f}"
    if abs(x) < 0.1:
        return f"{x:.2g}"
    return f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def size_text(n):
    return f"{n // 1000}k" if n >= 1000 and n % 1000 == 0 else f"{n:,}"


def between(s, unit=""):
    return f"{figure(s.p10)}..{figure(s.p90)}{unit}"


def with_range(s):
    return f"{figure(s.median)} ({between(s)})"


def markdown(head, rows, numbers=()):
    """A table; the columns in `numbers` are set to the right."""
    if not rows:
        return "Not measured in this run.\n"
    rule = ["---:" if name in numbers else "---" for name in head]
    lines = [head, rule] + [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def in_order(names, order):
    """Known names first and in their order, then the rest as they came."""
    return sorted(dict.fromkeys(names), key=lambda n: order.index(n) if n in order else len(order))


def target_table(results):
    rows = []
    for t in targets.TARGETS:
        worst, count = t.worst(results)
        limit = f"{'≥' if t.at_least else '≤'} {t.limit:g} {t.unit}"
        if worst is None:
            rows.append([t.case, limit, "not measured", NONE, NONE, NONE, NONE])
            continue
        s = worst.spread
        value = f"{figure(worst.value)} {t.unit}"
        if worst.note:
            value += f" ({worst.note})"
        of = f", worst of {count}" if count > 1 else ""
        rows.append([t.case, limit, value, between(s) if s else NONE, "yes" if t.reached(worst) else "**no**",
                     worst.where + of, worst.checked or NONE])
    return markdown(["case", "target", "measured median", "spread p10..p90", "reached", "where", "checked"], rows,
                    ("checked",))


def others_table(results):
    rows = []
    for other, ours, f1, faster in targets.others(results):
        rows.append([other.case, figure(other.theirs), with_range(ours), figure(f1), with_range(faster),
                     f"{other.aim:g}" if other.aim else NONE,
                     NONE if not other.aim else "yes" if faster.median >= other.aim else "**no**"])
    return markdown(["case, IPv4", "theirs, net ns", "here, net ns", "F1 here, net ns", "times faster", "aim",
                     "reached"], rows)


def missed(results):
    """One line for each row of the target table that isn't reached, or wasn't measured."""
    lines = []
    for t in targets.TARGETS:
        worst, _ = t.worst(results)
        if worst is None:
            lines.append(f"* {t.case}: not measured in this run.\n")
        elif not t.reached(worst):
            lines.append(f"* **{t.case}**: {figure(worst.value)} {t.unit} where {t.limit:g} {t.unit} is the "
                         f"{'least' if t.at_least else 'most'} ({worst.where}).\n")
    return "".join(lines) or "Every row of the table is reached.\n"


def rows_of(series, *axes):
    """{what stays the same: {what varies over `axes`: series}}, in the known order of cases."""
    rows = {}
    for s in series:
        fixed = tuple((k, v) for k, v in s.labels if k not in axes)
        varied = tuple(str(s.size(a)) if a in read.BASE else s.label(a) for a in axes)
        rows.setdefault((s.case, s.contender, fixed), {})[varied] = s
    order = in_order([key[0] for key in rows], CASES + WIRE_CASES)
    return dict(sorted(rows.items(), key=lambda item: (order.index(item[0][0]), item[0][2])))


def net_cell(results, series):
    """Net ns and the multiple of the reference: the median of the rounds, of several series the median of those."""
    costs = [stats.median(c) for c in (pair.net(results, s) for s in series) if c]
    ratios = [r for r in (pair.against(results, s) for s in series) if r]
    if not costs:
        return NONE
    if not ratios:
        return figure(stats.median(costs))
    times = stats.median([stats.median(r.values) for r in ratios])
    return f"{figure(stats.median(costs))} = {figure(times)} {ratios[0].reference}"


def packet_cases(results, tuples):
    """All cases at base sizes: a column a (hook, protocol)."""
    found = results.once([s for s in results.select("packet", "sluice", tuples=tuples) if targets.at_base(s)])
    columns = sorted({(s.label("hook"), s.label("protocol")) for s in found})
    rows = []
    for (case, _, fixed), cells in rows_of(found, "hook", "protocol").items():
        labels = tuple((k, v) for k, v in fixed if k not in ("family", "tuples"))
        rows.append([f"{case} {read.brief(labels, read.BASE)}".strip(), dict(fixed).get("family", ""),
                     *(net_cell(results, [cells[c]] if c in cells else []) for c in columns),
                     min(s.checked for s in cells.values())])
    head = [" ".join(filter(None, c)) or "net ns" for c in columns]
    return markdown(["case", "family", *head, "checked"], rows, (*head, "checked"))


def packet_axis(results, axis):
    """Cost over one axis, the others at their base."""
    found = pair.on_axis(results, axis)
    values = sorted({s.size(axis) for s in found})
    rows = {}
    for (case, _, fixed), cells in rows_of(found, axis).items():
        labels = tuple((k, v) for k, v in fixed if k not in ("hook", "protocol"))
        for (value,), s in cells.items():
            rows.setdefault((case, labels), {}).setdefault(int(value), []).append(s)
    head = [f"{size_text(v)}{' %' if axis == 'fill' else ''}" for v in values]
    return markdown(["case", "of", *head, "checked"],
                    [[case, read.brief(labels, read.BASE), *(net_cell(results, cells.get(v, [])) for v in values),
                      min(s.checked for found in cells.values() for s in found)]
                     for (case, labels), cells in rows.items()], (*head, "checked"))


def is_corner(series):
    return series.size("addresses") > read.BASE["addresses"] and series.size("policies") > read.BASE["policies"]


def packet_corner(results):
    """Many addresses and policies, against the same with 10 of each: the hook and protocol that grew most."""
    worst = {}
    for s in filter(is_corner, results.select("packet", "sluice")):
        other = pair.twin(results, s, addresses=10, policies=10)
        grown = pair.grown(results, s, other) if other else None
        if grown:
            v = stats.spread(grown[0])
            key = (s.case, tuple((k, x) for k, x in s.labels if k not in ("hook", "protocol")))
            if key not in worst or v.median > worst[key][0].median:
                worst[key] = (v, s, other, grown[1])
    return markdown(["case", "of", "net ns", "small", "large / small", "paired by", "checked"],
                    [[case, s.what(), net_cell(results, [s]), net_cell(results, [other]), with_range(v), how,
                      min(s.checked, other.checked)] for (case, _), (v, s, other, how) in worst.items()],
                    ("net ns", "small", "large / small", "checked"))


def packet_remotes(results):
    """Tuples spread over many remote addresses, against the same sizes with few of them where that was measured."""
    rows = []
    for s in results.select("packet", "sluice"):
        if not s.label("remotes"):
            continue
        few = tuple((k, v) for k, v in pair.kind(s) if k != "remotes")
        other = pair.twin(results, s, few)
        grown = pair.grown(results, s, other) if other else None
        against = [net_cell(results, [other]), with_range(stats.spread(grown[0])), grown[1]] if grown else [NONE] * 3
        rows.append([s.case, s.what(), net_cell(results, [s]), *against, s.checked])
    head = ["net ns", "few remotes", "many / few"]
    return markdown(["case", "of", *head, "paired by", "checked"], rows, (*head, "checked"))


def packet_references(results):
    """F0 as it is, the others net of it: the range of their medians over all groups."""
    rows = {}
    for s in results.series:
        if s.suite != "packet" or s.contender == "sluice":
            continue
        costs = list(s.rounds) if s.contender == pair.FLOOR else pair.net(results, s)
        if costs is not None:
            key = (s.contender, s.label("driver") or "plain", s.label("family"), s.label("tuples"))
            rows.setdefault(key, []).append(stats.median(costs))
    head = ["reference", "driver", "family", "tuples", "median ns", "least..most of the groups", "groups"]
    return markdown(head,
                    [[*key, figure(stats.median(v)), f"{figure(min(v))}..{figure(max(v))}", len(v)]
                     for key, v in sorted(rows.items())], ("median ns", "groups"))


def floods(results):
    """A row a flood and measure: beside the flood, and beside an unrelated sender."""
    rows = []
    for s in results.select("flood", "sluice"):
        other = pair.beside(results, s, "unrelated")
        against = pair.against(results, s)
        if other and against:
            rows.append([s.label("flood"), s.case, with_range(stats.spread(s.rounds)),
                         with_range(stats.spread(other.rounds)), with_range(stats.spread(against.values)), s.checked])
    head = ["beside the flood, us", "beside the unrelated sender, us", "ratio"]
    return markdown(["flood", "of other pods", *head, "checked"], rows, (*head, "checked"))


def old(results):
    """What the kernel's own tables give, row by row, and what ours do."""
    rows = []
    for s in results.select("old", "sluice"):
        twin = next(iter(results.select("old", "kernel-tables", (s.case,), **dict(s.labels))), None)
        quotients = stats.quotients(s.rounds, twin.rounds) if twin else []
        if quotients:
            rows.append([s.case, read.brief(s.labels, read.BASE), s.unit, with_range(stats.spread(twin.rounds)),
                         with_range(stats.spread(s.rounds)), with_range(stats.spread(quotients)),
                         min(s.checked, twin.checked)])
    head = ["the kernel's tables", "our own", "our own / the kernel's"]
    return markdown(["case", "of", "in", *head, "checked"], rows, (*head, "checked"))


def packet_again(results):
    """What was measured in several groups, in each of them: how much the same thing differs within one run."""
    found = {}
    for s in results.select("packet", "sluice"):
        ratio = pair.against(results, s)
        if ratio:
            found.setdefault((s.case, s.what(), ratio.reference), []).append((s, stats.median(ratio.values)))
    rows = [[case, what, f"× {reference}", ", ".join(f"{s.group} {figure(v)}" for s, v in group),
             min(s.checked for s, _ in group)]
            for (case, what, reference), group in found.items() if len(group) > 1]
    return markdown(["case", "of", "in", "by group", "checked"], rows, ("checked",))


SIZES = ("pods", "policies", "local", "tiers")
STEPS = ("compile", "apply", "event-to-write", "grace", "cleanup")


def change_latency(results):
    """A row a case and size: its steps in ms, and the whole until it is in force with spread and p99."""
    rows = {}
    for s in results.select("change", "sluice"):
        if s.case != "programming" and s.unit == "us":
            rows.setdefault((s.case, *(s.size(k) for k in SIZES)), {})[s.label("what")] = s
    text = []
    for (case, *sizes), steps in rows.items():
        v = {name: stats.spread([x / 1000 for x in s.rounds]) for name, s in steps.items()}
        whole = v.get("event-to-write")
        medians = [figure(v[name].median) if name in v else NONE for name in STEPS]
        medians[3:3] = [between(whole), figure(whole.p99)] if whole else [NONE, NONE]
        text.append([case, *map(size_text, sizes), *medians, max(len(s.rounds) for s in steps.values()),
                     min(s.checked for s in steps.values())])
    head = [*SIZES, *STEPS[:3], "p10..p90", "p99", *STEPS[3:], "events", "checked"]
    return markdown(["case", *head], text, head)


ENTRIES = ("entries_written", "entries_to_force", "least_possible")


def change_entries(results):
    """Map entries written for a change, against the least that any plan must write."""
    rows = {}
    for f in results.facts:
        if f.suite == "change" and f.name in ENTRIES:
            rows.setdefault(f.labels, {})[f.name] = f
    text = []
    for labels, found in rows.items():
        values = [found[name].value if name in found else None for name in ENTRIES]
        over = f"{values[0] / values[2]:.2f}" if values[2] and values[0] is not None else NONE
        sizes = (size_text(read.number(dict(labels).get(k, ""))) for k in SIZES)
        text.append([dict(labels).get("case", ""), *sizes, *(NONE if v is None else figure(v) for v in values), over])
    head = [*SIZES, "written", "until in force", "least possible", "written / least"]
    return markdown(["case", *head], text, head)


def programming(results):
    rows = []
    for s in results.select("change", "sluice", ("programming",)):
        raw, left = pair.beside(results, s, "raw"), pair.faster(results, s)
        rows.append([s.what() or NONE, with_range(stats.spread(s.rounds)),
                     with_range(stats.spread(raw.rounds)) if raw else NONE,
                     with_range(stats.spread([100 * x for x in left.values])) + " %" if left else NONE, s.checked])
    return markdown(["of", "sluice, ns per entry", "raw batch, ns per entry", "of the raw rate", "checked"], rows,
                    ("checked",))


def wire(results, case):
    """One case on the wire: a row a contender and number of policies, the time that passed and the CPU time."""
    found = {s.case: {} for s in results.select("wire", cases=(case, pair.cpu_case(case)))}
    for s in results.select("wire", cases=tuple(found)):
        found[s.case][s.contender, s.labels] = s
    keys = list(dict.fromkeys(key for of_case in found.values() for key in of_case))
    order = in_order([contender for contender, _ in keys], CONTENDERS)
    keys.sort(key=lambda key: (order.index(key[0]), read.number(dict(key[1]).get("policies", 0))))
    units = {name: next(iter(of_case.values())).unit for name, of_case in found.items()}
    head = [column for name in found for column in (units[name], "CPU × none" if name != case else "× none")]
    rows = []
    for contender, labels in keys:
        every = [of_case.get((contender, labels)) for of_case in found.values()]
        cells = [cell for s in every for cell in wire_cells(results, s)]
        policies = dict(labels).get("policies")
        rest = read.brief(tuple((k, v) for k, v in labels if k not in ("policies", "variant")))
        rows.append([" ".join(filter(None, (contender, rest))), dict(labels).get("variant", NONE),
                     size_text(read.number(policies)) if policies else NONE, *cells,
                     min(s.checked for s in every if s) or NONE])
    return markdown(["contender", "by", "policies", *head, "checked"], rows, ("policies", *head, "checked"))


def wire_cells(results, series):
    if series is None:
        return NONE, NONE
    ratio = pair.against(results, series) if series.contender != "none" else None
    return with_range(stats.spread(series.rounds)), with_range(stats.spread(ratio.values)) if ratio else NONE


def facts(results, suite):
    """What isn't noisy and has no table of its own."""
    return markdown(["fact", "of", "value", "unit"],
                    [[f.name, read.brief(f.labels) or NONE, f"{f.value:,.0f}" if f.value >= 100 else figure(f.value),
                      f.unit] for f in results.facts if f.suite == suite and f.name not in ENTRIES], ("value",))
