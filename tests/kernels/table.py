"""docs/kernels.md: a table for each architecture, one column a kernel, one row a thing that held."""
from dataclasses import dataclass, field

HEAD = """# Kernels that Sluice was booted on

Written by `make kernels`, not to be edited. Debian's kernels for cloud machines, in QEMU without KVM (its times are
many times those of a machine), with the programs of this tree. Every row held: a run in which one does not writes no
page. `make test` boots 5.10 and 6.1 with some of the rows. Memory taken is what was available before less what was
after; other things of a guest move it by some MiB.

"""

ROWS = (
    # what it says in the table, guest/row
    ("`--preflight` says so: with all, with too few capabilities, beside an agent", "node/preflight"),
    ("attached by itself", "node/attach"),
    ("`--attach clsact`", "node/clsact"),
    ("Debian's bandwidth plugin before `sluice-cni`: shaped, and under policy", "node/bandwidth"),
    ("every row of the packet path (`tests/kernel`)", "node/scenarios"),
    ("`sluicectl eval --engine bpf` over `examples/`", "node/examples"),
    ("real connections before, under and after policies, routed", "node/lab_routed"),
    ("the same, bridged", "node/lab_bridge"),
    ("agent stopped, killed, started again", "node/stop_kill_restart"),
    ("upgraded over an older layout (this one under an older name: older builds do not load here)", "node/upgrade"),
    ("the clock is set, both ways: hours follow it, open connections do not", "node/clock"),
    ("`--detach` leaves nothing", "node/detach"),
    ("the unit's capabilities, and no others", "node/unit"),
    ("the chart's capabilities, and no others", "node/chart"),
    ("`RLIMIT_MEMLOCK` of 64 KiB, not to be raised", "node/memlock"),
    ("`bpf_jit_harden=2`", "node/jit_harden"),
    ("no JIT", "node/no_jit"),
    ("no BTF of the kernel", "node/no_btf"),
    ("`unprivileged_bpf_disabled=2`", "node/unprivileged_bpf_disabled"),
    ("no conntrack module", "node/no_conntrack"),
    ("`lockdown=integrity`", "node/lockdown_integrity"),
    ("`lockdown=confidentiality`", "node/lockdown_confidentiality"),
    ("enforces with 1 possible CPU", "cpus-1/run"),
    ("enforces with 64", "cpus-64/run"),
    ("enforces with 128, emulated one by one", "cpus-128/run"),
    ("enforces with 512, by a word to the kernel that later ones do not take", "cpus-512/run"),
)


@dataclass
class Column:
    """What held on one kernel."""
    name: str
    suites: str
    version: str
    rows: dict = field(default_factory=dict)  # "guest/row" -> guests.Found

    def verified(self):
        facts = self.facts("node/load")
        return {of: number for (what, of), number in facts.items() if what == "verified_instructions"}

    def facts(self, row):
        return self.rows[row].facts if row in self.rows else {}

    def series(self):
        return ".".join(self.version.split("-")[0].split(".")[:2])


def mib(column, guest, which):
    kib = column.facts(f"{guest}/load").get(("map_kib", which))
    return "–" if kib is None else f"{kib / 1024:.0f}"


def told(column, row):
    if row not in column.rows:
        return "–"
    says = column.rows[row].says
    return says if says in ("clsact", "tcx") or says.startswith("refused") else "yes"


def lines(corner, columns):
    yield corner, [f"**{column.series()}**" for column in columns]
    yield "---", ["---"] * len(columns)
    yield "Debian's package", [column.version for column in columns]
    yield "suite", [column.suites.split(",")[0] for column in columns]
    for program in ("from_pod", "to_pod"):
        yield f"verified instructions, `sluice_{program}`", [f"{c.verified().get(program, 0):,}" for c in columns]
    yield "to load all, ms", [str(c.facts("node/load").get(("load_ms", "all"), "–")) for c in columns]
    for cpus, guest in (("1 possible CPU", "cpus-1"), ("2", "node"), ("64", "cpus-64"), ("128", "cpus-128"),
                        ("512", "cpus-512")):
        yield f"memory that is taken when all is loaded, MiB, {cpus}", [mib(column, guest, "taken") for column in columns]
    yield "what the kernel counts for the maps, MiB (5.10: against `RLIMIT_MEMLOCK`), 2 CPUs", [
        mib(column, "node", "accounted") for column in columns]
    for text, row in ROWS:
        yield text, [told(column, row) for column in columns]


ARM64 = """
## arm64

The same kernels for arm64, which QEMU emulates too, on a processor of another kind: with the programs of `make arm64`.
It says nothing of the order in which such a processor shows stores: that is argued in [design.md](design.md#weak-memory).

"""


def table_of(corner, columns):
    return "".join(f"| {text} | {' | '.join(cells)} |\n" for text, cells in lines(corner, columns))


def page(arch, columns, before):
    """The page with the table of this architecture made anew; the other's is as `before`, the page so far, has it."""
    amd64, _, arm64 = before.partition(ARM64)
    if arch == "amd64":
        amd64 = HEAD + table_of("", columns)
    else:
        arm64 = table_of("arm64", columns)
    return amd64 + (ARM64 + arm64 if arm64 else "")
