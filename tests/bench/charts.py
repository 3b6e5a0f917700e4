#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table and the charts of docs/performance.md.

usage: python3 charts.py table FILE.json [OTHER..]   a table of peers.py --json as Markdown, with the ratios of other runs beside
       python3 charts.py growth MICRO.json OUT.svg   from bench_micro --benchmark_format=json: cost over tokens, layers, players
       python3 charts.py ratios FILE.json OUT.svg    bars of the ratios to the peers"""

import json
import statistics
import sys
from pathlib import Path

OURS = ("native", "avx2")


def seconds(value):
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return "0 s"


def jobs(file):
    """Records of each job, in the order of the file."""
    found = {}
    for record in json.loads(Path(file).read_text()):
        found.setdefault(record["job"], {})[record["side"]] = record
    return found


def table(file, *others):
    again = [jobs(other) for other in others]
    print("| job | native | `-mavx2 -mfma` | peer | | peer / native (least, most) |" + " again |" * len(again) +
          " peer / avx2 | peak MB, ours | peer's | largest difference |")
    print("|---" * (10 + len(again)) + "|")
    for job, sides in jobs(file).items():
        native, avx2 = sides["native"], sides.get("avx2")
        for side, peer in sides.items():
            if side in OURS:
                continue
            median = statistics.median(peer["seconds"])
            portable = f"{seconds(statistics.median(avx2['seconds']))}" if avx2 else "–"
            portable_ratio = f"{median / statistics.median(avx2['seconds']):.3g}" if avx2 else "–"
            repeated = "".join(f"{other[job][side]['ratio']:.3g} | " for other in again)
            print(f"| `{job}` | {seconds(statistics.median(native['seconds']))} | {portable} | {side} | {seconds(median)} | "
                  f"**{peer['ratio']:.3g}** ({peer['ratios'][0]:.3g}, {peer['ratios'][-1]:.3g}) | {repeated}{portable_ratio} | {native['peak']:.0f} | {peer['peak']:.0f} | {peer['check'] or '–'} |")


def draw(figure, out):
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


def style():
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plot

    plot.rcParams.update({"svg.hashsalt": "regard", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"})
    return plot


def growth(micro, out):
    plot = style()
    runs = [r for r in json.loads(Path(micro).read_text())["benchmarks"] if r.get("run_type") != "aggregate"]
    figure, axes = plot.subplots(2, 2, figsize=(8.4, 6.4))
    blocks = {}
    for run in runs:
        name, *parts = run["name"].split("/")
        if name == "block":
            shape = {key: int(value) for key, value in (part.split(":") for part in parts if ":" in part)}
            blocks[(parts[0], shape["layers"], shape["width"], shape["tokens"], shape["threads"])] = run["real_time"]
    ax = axes[0][0]
    for direction, marker in (("forward", "o"), ("backward", "s")):
        for threads in (1, 2):
            points = sorted((k[3], v) for k, v in blocks.items() if k[0] == direction and k[1:3] == (4, 128) and k[4] == threads)
            ax.plot(*zip(*points), marker=marker, label=f"{'forward' if direction == 'forward' else 'forward and back'}, {threads} thread{'s' * (threads > 1)}")
    ax.set(xscale="log", yscale="log", xlabel="tokens", ylabel="ms", title="One input, 4 blocks of width 128")
    ax.xaxis.set_minor_formatter(plot.NullFormatter())
    ax.set_xticks([16, 32, 64, 128, 256, 512], ["16", "32", "64", "128", "256", "512"])
    ax.legend(frameon=False, fontsize=8)
    ax = axes[0][1]
    for direction, marker in (("forward", "o"), ("backward", "s")):
        points = sorted((k[1], v) for k, v in blocks.items() if k[0] == direction and k[2:] == (128, 128, 1))
        ax.plot(*zip(*points), marker=marker, label="forward" if direction == "forward" else "forward and back")
    ax.set(xlabel="blocks", ylabel="ms", title="128 tokens, width 128, 1 thread", ylim=0)
    ax.legend(frameon=False, fontsize=8)
    ax = axes[1][0]
    for family, label in (("closed_form", "closed form"), ("enumeration", "enumeration, $2^n$")):
        points = []
        for run in runs:
            name, *parts = run["name"].split("/")
            if name == family:
                points.append((int(parts[0]), run["cpu_time"] * (1e6 if run["time_unit"] == "ms" else 1) / 1e9))
        ax.plot(*zip(*sorted(points)), marker="o", label=label)
    ax.set(xscale="log", yscale="log", xlabel="players", ylabel="s", title="Max-mutual values, 1 thread")
    ax.legend(frameon=False, fontsize=8)
    ax = axes[1][1]
    solvers = {}
    for run in runs:
        name, *parts = run["name"].split("/")
        if name == "sampled":
            solvers.setdefault(parts[0].replace("_", "-"), []).append((int(parts[1].split(":")[1]), run["cpu_time"]))
    for solver, points in solvers.items():
        ax.plot(*zip(*sorted(points)), marker="o", label=solver)
    ax.set(xscale="log", yscale="log", xlabel="players", ylabel="ms", title="Sampled solvers, 2,048 evaluations, 1 thread")
    ax.xaxis.set_minor_formatter(plot.NullFormatter())
    ax.set_xticks([20, 60, 200], ["20", "60", "200"])
    ax.legend(frameon=False, fontsize=8)
    draw(figure, out)


def ratios(file, out):
    plot = style()
    bars = [(f"{job}  ({side})", record["ratio"], record["ratios"]) for job, sides in jobs(file).items() for side, record in sides.items() if side not in OURS]
    figure, ax = plot.subplots(figsize=(8.4, 0.24 * len(bars) + 0.9))
    for row, (name, ratio, spread) in enumerate(reversed(bars)):
        ax.barh(row, ratio, color="#4477aa")
        ax.plot([spread[0], spread[-1]], [row, row], color="black", linewidth=1)
        ax.text(max(ratio, spread[-1]) * 1.08, row, f"{ratio:.3g}", va="center", fontsize=8)
    ax.set_yticks(range(len(bars)), [name for name, *_ in reversed(bars)], fontsize=8)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set(xscale="log", xlabel="the peer's median time / regard's (native), 2 threads")
    draw(figure, out)


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or [""]
    if command == "table" and rest:
        table(*rest)
    elif command in ("growth", "ratios") and len(rest) == 2:
        {"growth": growth, "ratios": ratios}[command](*rest)
    else:
        sys.exit(__doc__)
