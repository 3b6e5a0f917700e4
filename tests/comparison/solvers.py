#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the sampled solvers of this library with those of shap and shapiq: root mean square error, by the root mean
square of the values, at the same budget of evaluations on the same games. Versions: tests/golden/peers/requirements.txt
and matplotlib for the plot.

usage: python3 solvers.py run PROGRAM RESULTS.csv [--jobs 2]     PROGRAM is the target game_values
       python3 solvers.py report RESULTS.csv [PLOT.svg]          tables in Markdown, and the plot

A line of RESULTS.csv is a solver on a game at a budget: the mean over seeds of the squared error and of the evaluations,
and the mean square of the true values. What is there already is not run again."""

import argparse
import contextlib
import csv
import io
import multiprocessing
import os
import re
import subprocess
import warnings
from collections import defaultdict
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np

OURS = ("permutation", "stratified", "self-normalised", "kernel", "unbiased-kernel", "leverage")
SHAP = ("shap Kernel", "shap Permutation")
SHAPIQ = ("KernelSHAP", "kADDSHAP", "UnbiasedKernelSHAP", "PermutationSamplingSV", "StratifiedSamplingSV",
          "OwenSamplingSV", "SVARM")
INDICES = {"sii": "SII", "k-sii": "k-SII", "stii": "STII", "fsii": "FSII"}
PAIR_PEERS = {"sii": ("PermutationSamplingSII", "SHAPIQ", "SVARMIQ", "KernelSHAPIQ", "InconsistentKernelSHAPIQ"),
              "k-sii": ("SHAPIQ", "SVARMIQ", "KernelSHAPIQ", "InconsistentKernelSHAPIQ"),
              "stii": ("PermutationSamplingSTII", "SHAPIQ", "SVARMIQ"),
              "fsii": ("SHAPIQ", "SVARMIQ", "RegressionFSII")}

# game kind and players: numbers of the games, seeds, budgets, pairs of orders for the truth (0: it is known)
STUDIES = {("unanimity", 10): (3, 20, (30, 50, 100, 200, 400, 800), 0),
           ("unanimity", 20): (3, 20, (60, 100, 200, 400, 800, 1600), 0),
           ("unanimity", 50): (3, 10, (150, 250, 500, 1000, 2000, 4000), 0),
           ("unanimity", 200): (2, 5, (600, 1000, 2000, 4000, 8000), 0),
           ("text", 10): (3, 20, (30, 50, 100, 200, 400, 800), 0),
           ("text", 20): (2, 5, (60, 100, 200, 400, 800, 1600), 3000),
           ("text", 50): (1, 4, (150, 250, 500, 1000, 2000), 1500),
           ("text", 100): (1, 2, (300, 500, 1000, 2000), 400)}
PAIR_STUDIES = {("unanimity", 10): (3, 10, (60, 120, 240, 480, 960)),
                ("unanimity", 20): (1, 4, (250, 500, 1000, 2000)),
                ("text", 10): (3, 5, (60, 120, 240, 480, 960))}
TOO_SLOW = {200: ("kADDSHAP", "SVARM")}  # minutes an estimate; as are SPEX and ProxySPEX nearly everywhere


class Server:
    """A game, played by the program."""

    def __init__(self, program, name):
        self.players = int(name.split("-")[1])
        self.process = subprocess.Popen([program, name, "values"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.calls = 0
        self.empty = self.ask(np.zeros((1, self.players), np.uint8))[0]
        self.full = self.ask(np.ones((1, self.players), np.uint8))[0]

    def ask(self, masks):
        self.process.stdin.write(np.uint32(len(masks)).tobytes() + masks.tobytes())
        self.process.stdin.flush()
        return np.frombuffer(self.process.stdout.read(8 * len(masks)))

    def __call__(self, masks):
        """Values of rows of players; counts all but the empty and the full one, which every solver is charged for once."""
        masks = np.atleast_2d(np.asarray(masks)).astype(bool).astype(np.uint8)
        sizes = masks.sum(1)
        values = np.where(sizes == 0, self.empty, self.full)
        inner = (sizes > 0) & (sizes < self.players)
        if inner.any():
            values[inner] = self.ask(np.ascontiguousarray(masks[inner]))
        self.calls += int(inner.sum())
        return values


class Masker:
    """For shap: the mask itself is the model's input."""

    def __init__(self, n):
        self.shape = (1, n)

    def __call__(self, mask, x):
        return (np.asarray(mask).reshape(1, -1).astype(float),)


def peer_values(solver, game, budget, seed):
    import shap
    import shapiq

    n = game.players
    ones, zeros = np.ones((1, n)), np.zeros((1, n))
    if solver == "shap Kernel":
        np.random.seed(seed)
        return np.ravel(shap.KernelExplainer(game, zeros).shap_values(ones, nsamples=budget - 2, l1_reg=False, silent=True))
    if solver == "shap Permutation":
        explain = shap.PermutationExplainer(game, Masker(n), seed=seed)
        return explain(ones, max_evals=budget, silent=True).values[0]
    kind = getattr(shapiq.approximator, solver)
    more = {"max_order": 2} if solver == "kADDSHAP" else {}
    found = kind(n=n, random_state=seed, **more).approximate(budget, lambda masks: game(masks) - game.empty)
    return np.array([found[(i,)] for i in range(n)])


def peer_pairs(solver, index, game, budget, seed):
    import shapiq

    kind = getattr(shapiq.approximator, solver)
    more = {"max_order": 2, "random_state": seed}
    if not solver.startswith(("Permutation", "Regression")):
        more["index"] = INDICES[index]
    elif solver == "PermutationSamplingSII":
        more["index"] = "SII"
    found = kind(game.players, **more).approximate(budget, lambda masks: game(masks) - game.empty)
    n = game.players
    return np.array([found[(i, j)] for i in range(n) for j in range(i + 1, n)])


def lines(program, *arguments):
    out = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return [np.array(line.split(), float) for line in out.splitlines()]


def run(task):
    """The squared errors of a solver at all budgets on a game."""
    program, study, game, index, solver, seeds, budgets, truth = task
    rows = []
    if not solver.startswith("ours"):
        server = Server(program, game)
        for budget in budgets:
            errors, calls = [], []
            for seed in range(seeds):
                server.calls = 0
                try:
                    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                        warnings.simplefilter("ignore")
                        found = (peer_pairs(solver, index, server, budget, seed) if index else
                                 peer_values(solver, server, budget, seed))
                except Exception as problem:  # too small a budget, for the most part
                    print(f"{game} {index} {solver} {budget}: {type(problem).__name__}: {problem}", flush=True)
                    break
                errors.append(np.mean((found - truth) ** 2))
                calls.append(server.calls + 2)
            if errors:
                rows.append((budget, np.mean(errors), np.mean(calls)))
    else:
        name = solver.split()[1]
        for budget in budgets:
            try:
                found = lines(program, game, *(("sample", index) if index else ("solve", name)), seeds, budget)
            except subprocess.CalledProcessError as problem:
                print(f"{game} {solver} {budget}: {problem.stderr.strip()}", flush=True)
                continue
            rows.append((budget, np.mean([np.mean((line[2:] - truth) ** 2) for line in found]), np.mean([line[1] for line in found])))
    size = np.mean(truth**2)
    return [(*study, game, index or "sv", solver, budget, seeds, error, size, calls) for budget, error, calls in rows]


FIELDS = ("kind", "players", "game", "index", "solver", "budget", "seeds", "squared_error", "mean_square", "evaluations")


def run_all(program, results, jobs):
    have = set()
    if results.exists():
        have = {(row["game"], row["index"], row["solver"]) for row in csv.DictReader(results.open())}
    else:
        results.write_text(",".join(FIELDS) + "\n")
    tasks = []
    for study, (games, seeds, budgets, orders) in STUDIES.items():
        for number in range(games):
            game = f"{study[0]}-{study[1]}-{number}"
            wanted = [s for s in (*(f"ours {name}" for name in OURS), *SHAP, *SHAPIQ)
                      if (game, "sv", s) not in have and s not in TOO_SLOW.get(study[1], ())]
            truth = lines(program, game, "truth", orders)[0] if wanted else None
            tasks += [(program, study, game, None, solver, seeds, budgets, truth) for solver in wanted]
    for study, (games, seeds, budgets) in PAIR_STUDIES.items():
        for number in range(games):
            game = f"{study[0]}-{study[1]}-{number}"
            for index, peers in PAIR_PEERS.items():
                wanted = [s for s in ("ours sampled", *peers) if (game, index, s) not in have]
                truth = lines(program, game, "pairs", index)[0] if wanted else None
                tasks += [(program, study, game, index, solver, seeds, budgets, truth) for solver in wanted]
    with multiprocessing.Pool(jobs) as pool, results.open("a") as out:
        for rows in pool.imap_unordered(run, tasks):
            csv.writer(out, lineterminator="\n").writerows(rows)
            out.flush()


def read(results):
    """{(kind, players, index): {solver: {budget: relative error}}}"""
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in csv.DictReader(results.open()):
        study = found[row["kind"], int(row["players"]), row["index"]]
        study[row["solver"]][int(row["budget"])].append((float(row["squared_error"]) / float(row["mean_square"])) ** 0.5)
    return {study: {solver: {budget: np.mean(errors) for budget, errors in budgets.items()}
                    for solver, budgets in solvers.items()} for study, solvers in found.items()}


TITLES = {"unanimity": "Unanimity games of order 3 to 6", "text": "Masked-input games of the bundled text model"}


def order(solver):
    """Ours first, then shap's, then shapiq's."""
    names = [*(f"ours {name}" for name in OURS), "ours sampled", *SHAP, *SHAPIQ]
    return (names.index(solver) if solver in names else len(names), solver)


def label(solver):
    return f"`{solver[5:]}`" if solver.startswith("ours") else solver if solver in SHAP else f"shapiq {solver}"


def report(results, plot):
    studies = read(results)
    for (kind, players, index), solvers in studies.items():
        budgets = sorted({budget for errors in solvers.values() for budget in errors})
        best = {budget: min(errors.get(budget, np.inf) for errors in solvers.values()) for budget in budgets}
        print(f"\n### {TITLES[kind]}, n = {players}" + (f", {index}" if index != "sv" else ""))
        print("\n| solver |" + "".join(f" {budget} |" for budget in budgets))
        print("|---" * (len(budgets) + 1) + "|")
        for solver in sorted(solvers, key=order):
            errors = solvers[solver]
            cells = (f"**{errors[b]:.3g}**" if errors.get(b) == best[b] else f"{errors[b]:.3g}" if b in errors else "–"
                     for b in budgets)
            print(f"| {label(solver)} | " + " | ".join(cells) + " |")
    if plot:
        draw({study[:2]: solvers for study, solvers in studies.items() if study[2] == "sv"}, plot)


def draw(studies, file):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "regard"})
    kinds = {"unanimity": ("unanimity games", 0.02, 2.5), "text": ("masked text", 0.003, 3)}
    columns = max(sum(study[0] == kind for study in studies) for kind in kinds)
    figure, axes = plt.subplots(2, columns, figsize=(3.2 * columns, 7), squeeze=False, sharey="row")
    ours = dict(zip(OURS, ("#0072b2", "#e69f00", "#999999", "#009e73", "#cc79a7", "#000000")))
    peers = dict(zip((*SHAP, *SHAPIQ), "sDov^<>PX"))
    for row, (kind, (title, low, high)) in enumerate(kinds.items()):
        for axis, study in zip(axes[row], sorted(s for s in studies if s[0] == kind)):
            for solver in sorted(studies[study], key=order):
                errors = studies[study][solver]
                x = sorted(errors)
                y = [errors[b] for b in x]
                if solver.startswith("ours"):
                    axis.plot(x, y, color=ours[solver[5:]], lw=1.8, label=solver[5:], zorder=3)
                else:
                    of_shap = solver in SHAP
                    axis.plot(x, y, color="#d55e00" if of_shap else "#56b4e9", lw=0.7, ls="--" if of_shap else ":",
                              marker=peers[solver], ms=5, mec="white", mew=0.4, zorder=2,
                              label=solver if of_shap else f"shapiq {solver}")
            axis.set(xscale="log", yscale="log", title=f"{title}, n = {study[1]}", xlabel="evaluations", ylim=(low, high))
            axis.set_xticks(x, x)
            axis.set_xticks([], minor=True)
            axis.set_yticks([t for t in (0.003, 0.01, 0.03, 0.1, 0.3, 1) if low <= t <= high])
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_yticks([], minor=True)
            axis.grid(alpha=0.25)
        axes[row][0].set_ylabel("error / size of the values")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=5, frameon=False)
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    figure.savefig(file, metadata={"Date": None} if str(file).endswith("svg") else None)
    if str(file).endswith("svg"):  # a small file: no list of fonts, hundredths of a point
        path = Path(file)
        text = re.sub(r"font-family: [^;]*;", "font-family: sans-serif;", path.read_text())
        text = re.sub(r"(\d+\.\d\d)\d+", r"\1", text)
        path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(required=True)
    runs = jobs.add_parser("run")
    runs.add_argument("program")
    runs.add_argument("results", type=Path)
    runs.add_argument("--jobs", type=int, default=2)
    runs.set_defaults(act=lambda a: run_all(a.program, a.results, a.jobs))
    reports = jobs.add_parser("report")
    reports.add_argument("results", type=Path)
    reports.add_argument("plot", nargs="?")
    reports.set_defaults(act=lambda a: report(a.results, a.plot))
    arguments = parser.parse_args()
    arguments.act(arguments)
