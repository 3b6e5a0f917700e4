#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws reports of `concepts --format json` as the charts of docs/concepts.md: a row for each report, a panel for each concept.

usage: python3 concept_charts.py OUT.svg TITLE=REPORT.json..

Lines are mean scores over blocks, with a band of one standard deviation; grey is that of random concepts; filled marks have an adjusted
p-value below 0.05."""

import json
import math
import sys
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, GAP = 150, 96, 64, 34, 22


def spread(values):
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1))


def panel(results, left, top, labels):
    n = len(results)
    x = lambda i: left + 8 + (WIDTH - 16) * (i / (n - 1) if n > 1 else 0.5)
    y = lambda v: top + HEIGHT * (1 - min(1, max(0, v)))
    out = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#d4d9df"/>',
           f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(.5):.1f}" y2="{y(.5):.1f}" stroke="#59626c" stroke-dasharray="2 3"/>']

    def band(pairs, color, dashes):
        upper = [f"{x(i):.1f},{y(m + s):.1f}" for i, (m, s) in enumerate(pairs)]
        lower = [f"{x(i):.1f},{y(m - s):.1f}" for i, (m, s) in enumerate(pairs)]
        out.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="{color}" fill-opacity=".2"/>')
        line = " ".join(f"{x(i):.1f},{y(m):.1f}" for i, (m, _) in enumerate(pairs))
        out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.8"{dashes}/>')

    if all(r["random_mean"] is not None for r in results):
        band([(r["random_mean"], r["random_std"] or 0) for r in results], "#59626c", ' stroke-dasharray="5 3"')
    band([(r["mean"], r["std"]) for r in results], "#0072b2", "")
    for i, r in enumerate(results):
        sure = r["p_adjusted"] is not None and r["p_adjusted"] < 0.05
        out.append(f'<circle cx="{x(i):.1f}" cy="{y(r["mean"]):.1f}" r="3.4" fill="{"#0072b2" if sure else "#fff"}" stroke="#0072b2" stroke-width="1.5"/>')
        out.append(f'<text x="{x(i):.1f}" y="{top + HEIGHT + 12}" text-anchor="middle" class="t">{r["layer"]}</text>')
    if labels:
        out += [f'<text x="{left - 5}" y="{y(v) + 3:.1f}" text-anchor="end" class="t">{v:g}</text>' for v in (0, 0.5, 1)]
    return out


def main(target, named):
    body, columns = [], 0
    for row, text in enumerate(named):
        title, _, path = text.partition("=")
        concepts = {}
        for result in json.loads(Path(path).read_text())["results"]:
            concepts.setdefault(result["concept"], []).append(result)
        columns = max(columns, len(concepts))
        top = TOP + row * (HEIGHT + GAP + 8)
        body.append(f'<text transform="translate(14 {top + HEIGHT / 2}) rotate(-90)" text-anchor="middle" class="h">{escape(title)}</text>')
        for column, (name, results) in enumerate(concepts.items()):
            left = LEFT + column * (WIDTH + 12)
            if row == 0:
                body.append(f'<text x="{left + WIDTH / 2}" y="{TOP - 8}" text-anchor="middle" class="h">{escape(name)}</text>')
            body += panel(sorted(results, key=lambda r: r["layer"]), left, top, column == 0)
    width, height = LEFT + columns * (WIDTH + 12), TOP + len(named) * (HEIGHT + GAP + 8)
    style = "text{font-family:sans-serif;fill:#1b1f24}.t{font-size:9px;fill:#59626c}.h{font-size:12px;font-weight:600}"
    Path(target).write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"><style>{style}</style>'
                            f'<rect width="100%" height="100%" fill="#fff"/>' + "\n".join(body) + "</svg>\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
