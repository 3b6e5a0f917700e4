# SPDX-License-Identifier: MIT
"""Shapley values of the pair games in exact rational arithmetic, by brute force over all coalitions.

    python3 make.py > attention_games.txt      (any Python 3; made with 3.11)

Matrix entries are multiples of 1/64, so they are the same numbers here and in C++. Each case is a line
"game singleton n", n lines of the matrix (row = query), and a line of n values rounded to double.
"""

import random
from fractions import Fraction
from itertools import combinations
from math import factorial


def value(game, singleton, matrix, members):
    join = max if game == "max-mutual" else lambda there, back: there + back
    total = sum((join(matrix[i][j], matrix[j][i]) for i, j in combinations(members, 2)), Fraction(0))
    if singleton == "additive" or (singleton == "self" and len(members) == 1):
        total += sum(matrix[i][i] for i in members)
    return total


def shapley(n, v):
    phi = [Fraction(0)] * n
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for s in range(n):
            weight = Fraction(factorial(s) * factorial(n - s - 1), factorial(n))
            for members in combinations(others, s):
                phi[i] += weight * (v(tuple(sorted(members + (i,)))) - v(members))
    return phi


draw = random.Random(0)
for n in range(9):
    for game in ("mutual", "max-mutual"):
        for singleton in ("self", "zero", "additive"):
            matrix = [[Fraction(draw.randrange(-16, 65), 64) for _ in range(n)] for _ in range(n)]
            worth = {m: value(game, singleton, matrix, m) for s in range(n + 1) for m in combinations(range(n), s)}
            print(game, singleton, n)
            for row in matrix:
                print(*(repr(float(entry)) for entry in row))
            print(*(repr(float(phi)) for phi in shapley(n, worth.__getitem__)))
