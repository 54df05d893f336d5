#!/usr/bin/env python3
"""Replays every shared trace at every size of reference.csv and compares with its figures.

    python3 bench/replay/against_reference.py [--program build/release/shoal] [--traces ../shared/traces] [--shards N]

Prints a Markdown table (percent; objects for traces without sizes, bytes for those with), and what the default policy
(duel), object mode (worth) and the baselines come to. Takes about two minutes."""

import argparse
import collections
import csv
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
ARC = {"objects": "arc_textbook", "bytes": "arc_bytes_zfs"}
OPTIMUM = {"objects": "min_exact", "bytes": "pfoo_l_bound"}
# What each of our baselines is called in the reference, by unit.
SAME = {
    "objects": {"arc": "arc_textbook", "car": "car_textbook", "lru": "lru_exact", "min": "min_exact"},
    "bytes": {"arc": "arc_bytes_zfs", "lru": "lru_exact", "min": "belady", "bound": "pfoo_l_bound"},
}
BASELINES = ["arc", "lru", "fifo", "lfu", "car", "2q", "lirs", "s3fifo", "sieve", "wtinylfu-1", "gdsf", "min", "bound"]


def read_ratios(path):
    """{(trace, unit, size): {policy: (object ratio, byte ratio)}}"""
    ratios = collections.defaultdict(dict)
    with open(path, newline="", encoding="ascii") as file:
        for row in csv.DictReader(file):
            place = (row["trace"], row["unit"], int(row["cache_size"]))
            ratios[place][row["policy"]] = tuple(
                float(row[column]) if row[column] else None for column in ("object_hit_ratio", "byte_hit_ratio")
            )
    return ratios


def replay(program, traces, reference, policies, shards):
    sizes = collections.defaultdict(list)
    for trace, unit, size in sorted(reference):
        sizes[trace, unit].append(str(size))
    files = {file.name.split(".")[0]: file for file in traces.glob("*.zst")}
    ours = {}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "ratios.csv"
        for (trace, unit), of_trace in sizes.items():
            command = [program, "replay", files[trace], "--unit", unit, "--size", ",".join(of_trace), "--threads", "2"]
            command += ["--policy", ",".join(policies), "--shards", str(shards), "--csv", out]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            ours.update(read_ratios(out))
    return ours


def percent(value):
    return "" if value is None else f"{100 * value:.2f}"


def print_table(reference, ours):
    print("| trace | size | duel | ARC | S3-FIFO | W-TinyLFU | optimum | worth, objects | GDSF, objects |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for place in sorted(reference):
        trace, unit, size = place
        theirs, column = reference[place], int(unit == "bytes")
        value = ours[place]["duel"][column]
        cells = [theirs.get(p, (None, None))[column] for p in (ARC[unit], "s3fifo", "wtinylfu", OPTIMUM[unit])]
        mark = "*" if value < cells[0] - 0.005 else ""
        sized = [ours[place]["worth"][0], theirs["gdsf"][0]] if unit == "bytes" else [None, None]
        print(f"| {trace} | {size} | {percent(value)}{mark} | {' | '.join(map(percent, cells + sized))} |")


def print_sums(reference, ours):
    rivals = ("s3fifo", "wtinylfu")
    sums = collections.defaultdict(list)
    below = 0
    for place, theirs in reference.items():
        unit, column = place[1], int(place[1] == "bytes")
        arc = theirs[ARC[unit]][column]
        below += ours[place]["duel"][column] < arc - 0.005
        others = [theirs.get(p, (None, None))[column] for p in rivals]
        if None not in others:
            for name, value in zip(("duel", "ARC", *rivals), (ours[place]["duel"][column], arc, *others)):
                sums[name].append(value)
    sized = [(ours[p]["duel"][1], reference[p][ARC["bytes"]][1]) for p in reference if p[1] == "bytes"]
    worst = min(mine - arc for mine, arc in sized)
    print(f"\nbyte mode, mean byte hit ratio: duel {percent(statistics.mean(m for m, _ in sized))}, "
          f"ARC-b {percent(statistics.mean(a for _, a in sized))}; below it at {sum(m < a for m, a in sized)} of {len(sized)} "
          f"places, by at most {percent(-worst)}")
    behind = max(reference[p]["gdsf"][0] - ours[p]["worth"][0] for p in reference if p[1] == "bytes")
    print(f"object mode: at most {percent(behind)} points behind GDSF's object hit ratio")
    print(f"more than 0.5 points below ARC: {below} of {len(reference)} places")
    means = ", ".join(f"{name} {percent(statistics.mean(values))}" for name, values in sums.items())
    print(f"means over the {len(sums['duel'])} places where all are given: {means}")


def print_baselines(reference, ours):
    print("\nbaselines: largest difference from the reference in points, and where it is above 0.5")
    for policy in BASELINES:
        differences = {}
        for place, theirs in reference.items():
            same = theirs.get(SAME[place[1]].get(policy, policy.removesuffix("-1")))
            if same is None or policy not in ours[place]:
                continue
            for mine, other in zip(ours[place][policy], same):
                if other is not None:
                    differences[place] = max(differences.get(place, 0), 100 * abs(mine - other))
        if not differences:
            continue
        far = sorted(place for place, difference in differences.items() if difference > 0.5)
        where = collections.Counter(f"{trace} ({unit})" for trace, unit, _ in far)
        print(f"- {policy}: {max(differences.values()):.2f}; {len(far)} of {len(differences)}",
              ", ".join(f"{name} x{count}" for name, count in where.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/shoal")
    parser.add_argument("--traces", type=pathlib.Path, default=ROOT.parent / "shared/traces")
    parser.add_argument("--shards", type=int, default=1)
    arguments = parser.parse_args()
    reference = read_ratios(arguments.traces / "reference.csv")
    policies = ["duel", "worth"] + (BASELINES if arguments.shards == 1 else [])
    ours = replay(arguments.program, arguments.traces, reference, policies, arguments.shards)
    print_table(reference, ours)
    print_sums(reference, ours)
    if arguments.shards == 1:
        print_baselines(reference, ours)


if __name__ == "__main__":
    main()
