"""What scikit-learn, scipy and numpy say of random numbers: F1, area below precision and recall, Spearman,
Kendall, areas by trapezoids, and percentiles. Writes statistics.json beside itself.

    python make.py
"""
import json
import pathlib

import numpy as np
import scipy.stats
import sklearn.metrics


def main():
    random = np.random.default_rng(20250812)
    cases = {"f1": [], "auprc": [], "correlation": [], "area": []}
    for n, classes in [(1, 2), (2, 2), (7, 2), (30, 2), (30, 5), (200, 4), (50, 12)]:
        actual = random.integers(0, classes, n)
        predicted = np.where(random.random(n) < 0.6, actual, random.integers(0, classes, n))
        predicted[predicted == classes - 1] = 0  # a class that is never predicted
        cases["f1"].append({
            "predicted": predicted.tolist(), "actual": actual.tolist(),
            "macro": sklearn.metrics.f1_score(actual, predicted, average="macro", zero_division=0),
            "weighted": sklearn.metrics.f1_score(actual, predicted, average="weighted", zero_division=0)})
    for n, levels in [(1, 1), (2, 2), (5, 100), (12, 3), (12, 100), (60, 10), (200, 1000)]:
        scores = random.integers(-levels, levels + 1, n) / 4
        truth = random.random(n) < 0.3
        truth[random.integers(n)] = True
        precision, recall, _ = sklearn.metrics.precision_recall_curve(truth, scores)
        cases["auprc"].append({"scores": scores.tolist(), "truth": truth.tolist(),
                               "auprc": sklearn.metrics.auc(recall, precision)})
    for n, levels in [(2, 50), (3, 2), (6, 3), (10, 100), (25, 4), (100, 1000)]:
        a = random.integers(-levels, levels + 1, n) / 3
        b = np.where(random.random(n) < 0.5, a, random.integers(-levels, levels + 1, n) / 3)
        b[0] = a[0] + 1  # neither side is constant
        a[-1] = a[0] + 2
        cases["correlation"].append({"a": a.tolist(), "b": b.tolist(),
                                     "spearman": scipy.stats.spearmanr(a, b).statistic,
                                     "kendall": scipy.stats.kendalltau(a, b).statistic})
    for n in [2, 5, 11]:
        x = np.sort(random.random(n))
        y = random.random(n)
        cases["area"].append({"x": x.tolist(), "y": y.tolist(), "area": np.trapezoid(y, x),
                              "values": np.sort(y).tolist(),
                              "quantiles": [float(np.quantile(y, q)) for q in (0.025, 0.5, 0.975)]})
    for name, of in cases.items():
        for case in of:
            assert all(np.all(np.isfinite(value)) for value in case.values()), (name, case)
    path = pathlib.Path(__file__).parent / "statistics.json"
    path.write_text(json.dumps(cases) + "\n")


main()
