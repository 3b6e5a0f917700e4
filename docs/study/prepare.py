"""Turns public data into the TSV files that compare_methods reads. Standard library alone.

    python prepare.py trees DATA/sst_trees/dev_tokens.tsv > trees.tsv
    python prepare.py movies DATA/eraser_movies/movies_rationales.tsv > movies.tsv

trees: the sentences of the Stanford Sentiment Treebank whose label (0 to 4) is not neutral, as a positive or
negative one. The rationale is every word that people gave a sentiment on the sentence's side: 3 or 4 in a
positive sentence, 0 or 1 in a negative one. Input columns: label5, tokens, token_labels.

movies: the reviews of ERASER's test split, with the rationales that people marked. Input columns: split, label
(NEG, POS), rationale_spans (begin:end over white-space tokens), text (a sentence break is the two characters
backslash n).

Output columns: sentence, label (0 negative, 1 positive), rationale (begin:end .. over white-space tokens).
"""
import sys


def rows(path):
    with open(path, encoding="utf-8") as file:
        header = next(file).rstrip("\n").split("\t")
        for line in file:
            yield dict(zip(header, line.rstrip("\n").split("\t"), strict=True))


def runs(marks):
    """[False, True, True] -> "1:3"."""
    spans, begin = [], None
    for i, mark in enumerate([*marks, False]):
        if mark and begin is None:
            begin = i
        if not mark and begin is not None:
            spans.append(f"{begin}:{i}")
            begin = None
    return " ".join(spans)


def trees(path):
    escapes = {"-LRB-": "(", "-RRB-": ")"}
    for row in rows(path):
        label = int(row["label5"])
        if label == 2:
            continue
        words = [escapes.get(word, word.replace("\\/", "/").replace("\\*", "*")) for word in row["tokens"].split()]
        sentiments = [int(value) for value in row["token_labels"].split()]
        assert len(words) == len(sentiments), row
        marks = [value > 2 if label > 2 else value < 2 for value in sentiments]
        yield " ".join(words), int(label > 2), runs(marks)


def movies(path):
    for row in rows(path):
        if row["split"] == "test":
            words = row["text"].replace("\\n", " ").split()
            assert len(words) == int(row["n_tokens"]), row["id"]
            yield " ".join(words), int(row["label"] == "POS"), row["rationale_spans"]


def main():
    kind, path = sys.argv[1:]
    print("sentence\tlabel\trationale")
    for cells in {"trees": trees, "movies": movies}[kind](path):
        print(*cells, sep="\t")


main()
