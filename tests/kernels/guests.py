"""Guests: what is booted of each kernel, which rows run in it, and what came of them.

Laws:
 1 A guest is QEMU without KVM: the same anywhere, and an ordinary user may start it. One thread runs all its CPUs:
   a kernel that patches its code while another thread of QEMU runs it may jump into the middle of an instruction.
 2 A guest says what its rows found on a serial line of its own, one JSON object a line (guest/rows.sh). One that does not
   end with {"row": "end"} in its time (a panic, silence) failed: what the console said last is told.
 3 A row that was asked for and not told failed.
 4 A guest says {"row": "up"} before any program of ours runs. One that is not up in its time is booted once more:
   a kernel of many processors may hang in QEMU's emulation while it starts them. That is said; twice is a failure.
"""
import json
import pathlib
import subprocess
from dataclasses import dataclass, field, replace

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
    boot_seconds: int = 300  # of these, until it is up
    kernels: tuple = ()  # the only ones that it is booted of; none: of all
    machines: tuple = ()  # the same of MACHINES


@dataclass(frozen=True)
class Machine:
    """What a guest of an architecture is to QEMU: its console, and the serial line on which rows are told."""
    qemu: tuple
    console: str
    line: str
    serial: tuple  # what makes the latter; {} is the file
    times: int = 1  # as long as the other's a guest and a row of it may take


MACHINES = {
    "amd64": Machine(("qemu-system-x86_64", "-cpu", "max"), "ttyS0", "ttyS1", ("-serial", "file:{}")),
    # Signed pointers by a hash of QEMU's own: the architecture's takes most of its time. One serial line is all that the
    # machine has, the second is on its bus.
    "arm64": Machine(("qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"), "ttyAMA0", "ttyS0",
                     ("-chardev", "file,id=rows,path={}", "-device", "pci-serial,chardev=rows"), times=2),
}
ROW_SECONDS = 240

SHORT = Guest("node", ("no_conntrack", "preflight", "load", "attach", "scenarios", "lab_routed", "upgrade", "clock", "detach", "unit", "memlock",
                       "no_jit", "no_btf"))
LONG = (
    Guest("node", ("no_conntrack", "preflight", "load", "attach", "clsact", "bandwidth", "scenarios", "examples", "lab_routed",
                   "lab_bridge", "stop_kill_restart", "upgrade", "clock", "detach", "unit", "chart", "memlock", "jit_harden",
                   "no_jit", "no_btf", "unprivileged_bpf_disabled", "lockdown_integrity",
                   "lockdown_confidentiality"), seconds=1800),
    Guest("cpus-1", ("run", "load"), cpus="1", words="sluice.possible=1"),
    Guest("cpus-64", ("run", "load"), cpus="64", words="sluice.possible=64"),
    # Many that do not run are enough, and boot at once; kernels from 6.12 on count the processors that the firmware
    # names and that are there. QEMU has 255 at most, and emulates their start for minutes on an idle machine.
    Guest("cpus-512", ("run", "load"), cpus="1", words="possible_cpus=512 sluice.possible=512", kernels=("5.10", "6.1"),
          machines=("amd64",)),
    Guest("cpus-128", ("run", "load"), cpus="128", words="sluice.possible=128", seconds=2400, boot_seconds=1200,
          kernels=("6.12", "newest")),
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


def read_rows(path):
    """What the guest told, by row, and which of "up" and "end"."""
    told, signs = {}, set()
    for line in path.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row["row"] in ("up", "end"):
            signs.add(row["row"])
            continue
        told[row["row"]] = Found(row["ok"], row["says"], row["seconds"], facts_of(row["says"]))
    return told, signs


def command(guest, arch, kernel, initrd, rows_file):
    machine = MACHINES[arch]
    words = (f"console={machine.console} panic=-1 quiet sluice.line={machine.line} sluice.seconds={ROW_SECONDS * machine.times}"
             f" sluice.rows={','.join(guest.rows)} {guest.words}")
    return [*machine.qemu, "-accel", "tcg,thread=single", "-m", "1280", "-smp", guest.cpus,
            "-kernel", str(kernel), "-initrd", str(initrd), "-no-reboot", "-nographic", "-nodefaults", "-nic", "none",
            "-serial", "stdio", *(word.format(rows_file) for word in machine.serial), "-append", words.strip()]


def run_once(guest, words, rows_file, console_file):
    """Boots it and waits for its end; why it came to one."""
    rows_file.write_text("")
    with console_file.open("wb") as console, subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console,
                                                              stderr=subprocess.STDOUT) as qemu:
        try:
            qemu.wait(guest.boot_seconds)
        except subprocess.TimeoutExpired:
            if "up" not in read_rows(rows_file)[1]:
                qemu.kill()
                return f"it was not up after {guest.boot_seconds} s"
        try:
            qemu.wait(guest.seconds - guest.boot_seconds)
        except subprocess.TimeoutExpired:
            qemu.kill()
            return f"it was not done after {guest.seconds} s"
    return "it ended early"


def boot(guest, arch, folder, kernel, initrd):
    """Boots it and returns what each of its rows found."""
    times = MACHINES[arch].times
    guest = replace(guest, seconds=guest.seconds * times, boot_seconds=guest.boot_seconds * times)
    rows_file, console_file = folder / f"{guest.name}.rows", folder / f"{guest.name}.console"
    for last in (False, True):
        why = run_once(guest, command(guest, arch, kernel, initrd, rows_file), rows_file, console_file)
        told, signs = read_rows(rows_file)
        if "up" in signs or last:
            break
        print(f"{folder.name} {guest.name}: {why}; it is booted once more", flush=True)
    missing = [row for row in guest.rows if row not in told]
    if "end" not in signs or missing:
        shown = console_file.read_text(errors="replace").splitlines()[-CONSOLE_SHOWN:]
        says = "\n".join([f"the guest did not tell: {why}; its console ends with", *shown])
        first, *others = missing or guest.rows[-1:]
        told.update({first: Found(False, says)}, **{row: Found(False, "not run") for row in others})
    return told
