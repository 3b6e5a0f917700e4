"""Turns public data into the TSV files that compare_methods reads. Standard library alone.

    python prepare.py sst2 DATA/sst2/dev872.tsv DATA/sst_trees/dev_tokens.tsv > sst2.tsv
    python prepare.py movies DATA/eraser_movies/movies_rationales.tsv > movies.tsv

sst2: the development sentences of SST-2, each with its rationale from the Stanford Sentiment Treebank, where people
gave every word a sentiment from 0 to 4: all words on the sentence's side, 3 or 4 in a positive sentence, 0 or 1 in a
negative one. Input columns: sentence, label; label5, tokens, token_labels.

movies: the reviews of ERASER's test split with the rationales that people marked, in the order of their numbers, so
that negative and positive ones alternate. Input columns: id, split, label (NEG, POS), rationale_spans (begin:end over
white-space tokens), text (a sentence break is the two characters backslash n).

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


def sst2(path, trees):
    escapes = {"-LRB-": "(", "-RRB-": ")"}
    sentiments = {}
    for row in rows(trees):
        words = [escapes.get(word, word.replace("\\/", "/").replace("\\*", "*")) for word in row["tokens"].split()]
        sentiments[" ".join(words).lower()] = [int(value) for value in row["token_labels"].split()]
    for row in rows(path):
        values = sentiments[" ".join(row["sentence"].split()).lower()]
        assert len(values) == len(row["sentence"].split()), row
        yield row["sentence"], row["label"], runs([value > 2 if row["label"] == "1" else value < 2 for value in values])


def movies(path):
    number = {"NEG": 0, "POS": 1}
    reviews = [row for row in rows(path) if row["split"] == "test"]
    for row in sorted(reviews, key=lambda row: (row["id"][5:], number[row["label"]])):
        if row["rationale_spans"]:
            words = row["text"].replace("\\n", " ").split()
            assert len(words) == int(row["n_tokens"]), row["id"]
            yield " ".join(words), number[row["label"]], row["rationale_spans"]


def main():
    kind, *paths = sys.argv[1:]
    print("sentence\tlabel\trationale")
    for cells in {"sst2": sst2, "movies": movies}[kind](*paths):
        print(*cells, sep="\t")


main()
