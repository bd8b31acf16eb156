"""Invented result documents, small enough to reckon by hand."""

import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "bench" / "report"))

HOST = {"cpu": "Invented", "cores": 2, "memory_bytes": 1 << 30, "kernel": "6.6.0", "jit": True, "hz": 250,
        "commit": "abc", "compiler": "GNU 12", "date": "2024-01-01T00:00:00Z"}


def series(contender, rounds, suite="packet", group="base", case="established", unit="ns", checked=None, **labels):
    """One series. What answers packets was checked, unless the row says otherwise."""
    checked = (4096 if contender in ("sluice", "nftables") else 0) if checked is None else checked
    return {"suite": suite, "group": group, "contender": contender, "case": case, "labels": labels, "unit": unit,
            "rounds": list(rounds), "checked": checked}


def packet(contender, rounds, **but):
    """One of suite packet: IPv4, 4,096 tuples; the case of a reference is empty."""
    labels = {"family": "IPv4", "tuples": "4096"}
    if contender == "sluice":
        labels |= {"hook": "egress", "protocol": "TCP"}
    else:
        but.setdefault("case", "")
    return series(contender, rounds, **{**labels, **but})


def fact(name, value, suite="change", unit="bytes", **labels):
    return {"suite": suite, "name": name, "labels": labels, "value": value, "unit": unit}


def document(*of_series, facts=(), quick=True, **host):
    return {"schema": "sluice-bench-1", "host": {**HOST, **host},
            "settings": {"program": "bench_packet", "rounds": 5, "quick": quick}, "series": list(of_series),
            "facts": list(facts)}
