#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden files of the Shapley part: what shap and shapiq say about fixed games that are tables of
2^n values, and the trees that shap builds over tokens. Before it writes, every Shapley value and every Owen
value is compared with a plain mean over orders.

usage: python3 make.py

games.txt, numbers separated by spaces; entry S of a table is the value of the players that are bits of S:

    game N KIND                KIND: random, or pairs (a game of players and pairs, on which a permutation and
                               its reverse are exact)
    table 2^N numbers
    sv N numbers               shapiq, exact
    sii|k-sii|stii|fsii N*N    shapiq, exact, order 2: players on the diagonal, pairs off it
    kernel N                   shap.KernelExplainer, l1_reg=False, all coalitions
    permutation N              shap.PermutationExplainer (only KIND pairs)
    tree N-1 pairs             the children of each merge, as SciPy numbers them
    partition BUDGET BATCH N   shap.PartitionExplainer: max_evals, batch_size, values
    end

trees.txt: for each text a line "pieces COUNT piece ..", a line "separators COUNT piece .." and a line
"tree COUNT-1 pairs" as shap.maskers._text.partition_tree merges them."""

import itertools
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import numpy as np
import shap
import shapiq
from shap.maskers._text import partition_tree

HERE = Path(__file__).resolve().parent
SETTINGS = ((10**6, 5), (10**6, 1), (8, 5), (8, 1), (14, 5), (14, 1), (26, 10), (60, 5))


def bits(masks):
    masks = np.atleast_2d(np.asarray(masks)).astype(bool)
    return (masks * (1 << np.arange(masks.shape[1]))).sum(1)


def random_table(n, rng):
    return np.round(rng.normal(size=2**n), 6)


def pair_table(n, rng):
    single, pair = rng.normal(size=n), rng.normal(size=(n, n))
    table = np.full(2**n, np.round(rng.normal(), 6))
    for s in range(2**n):
        members = [i for i in range(n) if s >> i & 1]
        table[s] += sum(single[i] for i in members)
        table[s] += sum(pair[i, j] for i, j in itertools.combinations(members, 2))
    return table


def marginals(table, order):
    phi, s = np.zeros(len(order)), 0
    for i in order:
        phi[i] = table[s | 1 << i] - table[s]
        s |= 1 << i
    return phi


def random_tree(n, rng):
    """Random merges, not of neighbours only: SciPy's matrix with sizes."""
    live, sizes, rows = list(range(n)), [1] * n, []
    while len(live) > 1:
        a, b = (live.pop(rng.integers(len(live))) for _ in range(2))
        rows.append((a, b, 1.0, sizes[a] + sizes[b]))
        live.append(len(sizes))
        sizes.append(sizes[a] + sizes[b])
    return np.array(rows)


def consistent_orders(tree, n, node):
    """All orders in which the players below each node stand together."""
    if node < n:
        yield (node,)
        return
    a, b = (list(consistent_orders(tree, n, int(child))) for child in tree[node - n, :2])
    for left, right in itertools.product(a, b):
        yield left + right
        yield right + left


class Masker:
    """The mask itself is the model's input."""

    def __init__(self, n, clustering=None):
        self.shape, self.clustering = (1, n), clustering
        if clustering is None:
            del self.clustering

    def __call__(self, mask, x):
        return (np.asarray(mask).reshape(1, -1).astype(float),)


def interactions(computer, index, n):
    found = computer(index=index, order=2)
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, i] = found[(i,)]
        for j in range(i + 1, n):
            matrix[i, j] = matrix[j, i] = found[(i, j)]
    return matrix


def numbers(values):
    return " ".join(repr(float(v)) for v in np.ravel(values))


def write_game(out, n, kind, table, rng):
    def game(masks):
        return table[bits(masks)]

    print("game", n, kind, file=out)
    print("table", numbers(table), file=out)
    exact = np.mean([marginals(table, p) for p in itertools.permutations(range(n))], axis=0)
    computer = shapiq.ExactComputer(game=game, n_players=n)
    sv = np.array([computer(index="SV", order=1)[(i,)] for i in range(n)])
    assert np.allclose(sv, exact, atol=1e-12)
    print("sv", numbers(sv), file=out)
    for name, index in (("sii", "SII"), ("k-sii", "k-SII"), ("stii", "STII"), ("fsii", "FSII")):
        print(name, numbers(interactions(computer, index, n)), file=out)

    kernel = shap.KernelExplainer(game, np.zeros((1, n)))
    values = np.ravel(kernel.shap_values(np.ones((1, n)), nsamples=2**n, l1_reg=False, silent=True))
    assert np.allclose(values, exact, atol=1e-8), values - exact
    print("kernel", numbers(values), file=out)
    if kind == "pairs":
        explain = shap.PermutationExplainer(game, Masker(n), seed=0)
        values = explain(np.ones((1, n)), max_evals=3 * (2 * n + 1), silent=True).values[0]
        assert np.allclose(values, exact, atol=1e-10)
        print("permutation", numbers(values), file=out)

    tree = random_tree(n, rng)
    print("tree", *(int(c) for row in tree for c in row[:2]), file=out)
    owen = np.mean([marginals(table, p) for p in consistent_orders(tree, n, 2 * n - 2)], axis=0)
    for budget, batch in SETTINGS:
        explain = shap.PartitionExplainer(game, Masker(n, tree))
        values = explain(np.ones((1, n)), max_evals=budget, batch_size=batch, silent=True).values[0]
        assert budget < 10**6 or np.allclose(values, owen, atol=1e-10), values - owen
        print("partition", budget, batch, numbers(values), file=out)
    print("end", file=out)


TEXTS = (
    "a",
    "good film",
    "a grip ##ping , fun ##ny film .",
    "it ' s not that i don ' t like it , but i couldn ' t finish it !",
    "the plot ( if there is one ) is thin and the jokes , well , fall flat . still : i laughed ?",
    "( ( a ) b ) or ( c ) d ) e (",
    "##ing ##ed up ##ly 3 ##4 ##5 ' s ' t '",
    "[CLS] first part , of it . [SEP] second part ! [SEP]",
    "[CLS] one [SEP] [SEP] two and three [SEP]",
    ". . . , , ! ? but and or",
    "same same same same same same same same same",
    "no , no , no ; yes . no but yes and no or yes , ' t",
)


def write_tree(out, text):
    pieces, separators = text.split(), ["[SEP]"] if "[SEP]" in text else []
    tree = partition_tree(pieces, separators)
    print("pieces", len(pieces), *pieces, file=out)
    print("separators", len(separators), *separators, file=out)
    print("tree", *(int(c) for row in tree for c in row[:2]), file=out)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    np.random.seed(0)  # of what shap draws
    with open(HERE / "games.txt", "w") as out:
        for n in range(3, 9):
            write_game(out, n, "random", random_table(n, rng), rng)
            write_game(out, n, "pairs", pair_table(n, rng), rng)
    words = "the a film was not very good bad ##ly ##ness ##s , . ' t s and but ( ) ! ?".split()
    with open(HERE / "trees.txt", "w") as out:
        for text in TEXTS:
            write_tree(out, text)
        for length in (10, 20, 40):
            for _ in range(3):
                write_tree(out, " ".join(rng.choice(words, length)))
