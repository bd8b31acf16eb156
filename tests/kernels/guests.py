"""Guests: what is booted of each kernel, which rows run in it, and what came of them.

Laws:
 1 A guest is QEMU without KVM: the same anywhere, and an ordinary user may start it. One thread runs all its CPUs:
   a kernel that patches its code while another thread of QEMU runs it may jump into the middle of an instruction.
 2 A guest says what its rows found on its second serial line, one JSON object a line (guest/rows.sh). One that does not
   end with {"row": "end"} in its time (a panic, silence) failed: what the console said last is told.
 3 A row that was asked for and not told failed.
"""
import json
import pathlib
import subprocess
from dataclasses import dataclass, field

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CONSOLE_SHOWN = 25  # lines


@dataclass(frozen=True)
class Guest:
    """One boot. `name` is the first half of its rows' names: cpus-64/load."""
    name: str
    rows: tuple
    cpus: str = "2"  # QEMU's -smp
    words: str = ""  # for the kernel's command line
    seconds: int = 900
    kernels: tuple = ()  # the only ones that it is booted of; none: of all


SHORT = Guest("node", ("no_conntrack", "preflight", "load", "attach", "scenarios", "lab_routed", "upgrade", "detach", "unit", "memlock",
                       "no_jit", "no_btf"))
LONG = (
    Guest("node", ("no_conntrack", "preflight", "load", "attach", "clsact", "bandwidth", "scenarios", "examples", "lab_routed",
                   "lab_bridge", "stop_kill_restart", "upgrade", "detach", "unit", "chart", "memlock", "jit_harden",
                   "no_jit", "no_btf", "unprivileged_bpf_disabled", "lockdown_integrity",
                   "lockdown_confidentiality"), seconds=1800),
    Guest("cpus-1", ("run", "load"), cpus="1", words="sluice.possible=1"),
    Guest("cpus-64", ("run", "load"), cpus="64", words="sluice.possible=64"),
    # Many that do not run are enough, and boot at once; kernels from 6.12 on count the processors that the firmware
    # names and that are there. QEMU names 255 at most.
    Guest("cpus-512", ("run", "load"), cpus="1", words="possible_cpus=512 sluice.possible=512", kernels=("5.10", "6.1")),
    Guest("cpus-255", ("run", "load"), cpus="255", words="sluice.possible=255", seconds=1800, kernels=("6.12", "newest")),
)


@dataclass
class Found:
    """What a row found."""
    ok: bool
    says: str
    seconds: int = 0
    facts: dict = field(default_factory=dict)  # of a load: ("verified_instructions", "from_pod") -> number


def facts_of(says):
    words = says.split()
    triples = zip(words[0::3], words[1::3], words[2::3])
    return {(what, of): int(number) for what, of, number in triples if number.isdigit()}


def read_rows(path, guest):
    """What the guest told, by row, and whether it came to its end."""
    told, ended = {}, False
    for line in path.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row["row"] == "end":
            ended = True
            continue
        told[row["row"]] = Found(row["ok"], row["says"], row["seconds"], facts_of(row["says"]))
    return told, ended


def command(guest, kernel, initrd, rows_file):
    return ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-m", "1280", "-smp", guest.cpus,
            "-kernel", str(kernel), "-initrd", str(initrd), "-no-reboot", "-nographic", "-nodefaults", "-nic", "none",
            "-serial", "stdio", "-serial", f"file:{rows_file}",
            "-append", f"console=ttyS0 panic=-1 quiet sluice.rows={','.join(guest.rows)} {guest.words}".strip()]


def boot(guest, folder, kernel, initrd):
    """Boots it and returns what each of its rows found."""
    rows_file, console_file = folder / f"{guest.name}.rows", folder / f"{guest.name}.console"
    rows_file.write_text("")
    why = "it ended early"
    with console_file.open("wb") as console:
        try:
            subprocess.run(command(guest, kernel, initrd, rows_file), stdin=subprocess.DEVNULL, stdout=console,
                           stderr=subprocess.STDOUT, timeout=guest.seconds, check=False)
        except subprocess.TimeoutExpired:
            why = f"it was not done after {guest.seconds} s"
    told, ended = read_rows(rows_file, guest)
    missing = [row for row in guest.rows if row not in told]
    if not ended or missing:
        last = console_file.read_text(errors="replace").splitlines()[-CONSOLE_SHOWN:]
        says = "\n".join([f"the guest did not tell: {why}; its console ends with", *last])
        first, *others = missing or guest.rows[-1:]
        told.update({first: Found(False, says)}, **{row: Found(False, "not run") for row in others})
    return told
