"""Turns the CSV of compare_methods into a Markdown table. Standard library alone.

    python table.py short.csv comprehensiveness sufficiency f1_macro seconds_per_input

Rows are sorted by the first metric (the best first where it says so below). An asterisk marks a difference to the
reference method whose interval excludes 0; brackets hold the bootstrap interval.
"""
import csv
import sys

LOWER = {"sufficiency", "aopc_sufficiency", "log_odds", "deletion_auc", "infidelity", "max_sensitivity",
         "randomisation", "randomisation_full", "seconds_per_input"}
TITLES = {"f1_macro": "F1 macro", "f1_weighted": "F1 weighted", "seconds_per_input": "ms an input", "token_f1": "token F1",
          "iou_f1": "IOU F1", "auprc": "AUPRC", "deletion_auc": "deletion", "insertion_auc": "insertion",
          "aopc_comprehensiveness": "AOPC compr.", "aopc_sufficiency": "AOPC suff.", "log_odds": "log-odds",
          "max_sensitivity": "max-sens.", "randomisation": "random. mean", "randomisation_full": "random. all"}


def cell(row, metric):
    if row[metric] == "":
        return "–"
    value = float(row[metric])
    if metric == "seconds_per_input":
        return f"{1000 * value:.3g}"
    text = f"{value:.3f}"
    if row.get(metric + "_low"):
        text += f" [{float(row[metric + '_low']):.3f}, {float(row[metric + '_high']):.3f}]"
    low = row.get(metric + "_difference_low")
    if low and (float(low) > 0 or float(row[metric + "_difference_high"]) < 0):
        text += "\\*"
    return text


def main():
    path, *metrics = sys.argv[1:]
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sign = 1 if metrics[0] in LOWER else -1
    rows.sort(key=lambda row: (row[metrics[0]] == "", sign * float(row[metrics[0]] or 0)))
    heads = [TITLES.get(m, m) + (" ↓" if m in LOWER else " ↑") for m in metrics]
    print("| method | " + " | ".join(heads) + " |")
    print("|---|" + "---|" * len(heads))
    for row in rows:
        print(f"| `{row['method']}` | " + " | ".join(cell(row, metric) for metric in metrics) + " |")


main()
