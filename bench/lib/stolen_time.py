"""What the host of a virtual machine gave to others while something was measured.

Which of several attempts counts is decided by that alone, never by what was measured.
"""
import os

SHARE_MAX = 0.01


def ticks():
    """Stolen from all processors so far (proc(5), /proc/stat)."""
    with open("/proc/stat") as stat:
        return int(stat.readline().split()[8])


def least_disturbed(measure, attempts):
    """The row of measure() with the smallest stolen share, which is added to it; the first one that is undisturbed."""
    best = None
    for _ in range(attempts):
        before, began = ticks(), os.times().elapsed
        row = measure()
        seconds = (os.times().elapsed - began) * os.cpu_count()
        row["stolen_share"] = (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds
        if best is None or row["stolen_share"] < best["stolen_share"]:
            best = row
        if best["stolen_share"] <= SHARE_MAX:
            break
    return best
