#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the inputs of the studies in docs/concepts.md: folders of images and files of sentences. Needs Pillow and NumPy.

usage: python3 concept_inputs.py DATA OUT

DATA holds public data sets, which are not part of this repository:
  cifar10/test.bin             the CIFAR-10 test set in its binary form
  agnews/test.tsv              AG News, columns label (1..4), title, description
  sst_trees/train_tokens.tsv   the Stanford Sentiment Treebank: columns tokens, token_labels (0..4 for each word)
  sst2/dev872.tsv              the SST-2 development set: columns sentence, label

OUT gets
  colors/{red,green,blue,yellow}  120 flat images each, one channel at a random level in [60, 250); yellow has green at that
                                  level and red 20 above it (the recipe of arXiv 2508.08966, at the model's 32 pixels)
  colors/random                   3,600 flat images of any colour
  photos/CLASS                    the first 200 test images of each class
  photos/random                   3,600 of the other test images
  words/{positive,negative,neutral}.txt  120 words each, one a line, that people called very positive (very negative,
                                  neutral); words/random.txt: 3,600 words of any kind
  topics/{world,sports,business,science}.txt  120 news titles each; topics/random.txt: 3,600 titles of any topic
  sentences/{positive,negative}.txt  200 sentences of the development set"""

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def save(folder, images):
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:04}.png")


def colors(out):
    random = np.random.default_rng(0)
    flat = lambda rgb: np.broadcast_to(np.array(rgb, np.uint8), (32, 32, 3)).copy()
    levels = lambda: (int(level) for level in random.integers(60, 250, 120))
    save(out / "red", [flat((v, 0, 0)) for v in levels()])
    save(out / "green", [flat((0, v, 0)) for v in levels()])
    save(out / "blue", [flat((0, 0, v)) for v in levels()])
    save(out / "yellow", [flat((min(v + 20, 255), v, 0)) for v in levels()])
    save(out / "random", [flat(rgb) for rgb in random.integers(0, 256, (3600, 3))])


def photos(data, out):
    records = np.fromfile(data / "cifar10/test.bin", np.uint8).reshape(-1, 3073)
    labels, images = records[:, 0], records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    used = []
    for index, name in enumerate(CLASSES):
        first = np.flatnonzero(labels == index)[:200]
        used.extend(first)
        save(out / name, images[first])
    rest = np.setdiff1d(np.arange(len(images)), used)
    save(out / "random", images[np.random.default_rng(1).permutation(rest)[:3600]])


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def words(data, out):
    labels = {}
    for row in rows(data / "sst_trees/train_tokens.tsv"):
        for word, label in zip(row["tokens"].split(" "), row["token_labels"].split(" ")):
            if word.isalpha():
                labels.setdefault(word.lower(), []).append(int(label))
    mean = {word: sum(values) / len(values) for word, values in sorted(labels.items())}
    order = np.random.default_rng(2).permutation(len(mean))
    shuffled = [list(mean)[i] for i in order]
    # The most extreme 120; ties in random order.
    chosen = {"positive": sorted(shuffled, key=lambda word: -mean[word])[:120], "negative": sorted(shuffled, key=lambda word: mean[word])[:120],
              "neutral": [word for word in shuffled if mean[word] == 2][:120]}
    for name, some in chosen.items():
        write(out / f"{name}.txt", some)
    taken = set().union(*chosen.values())
    write(out / "random.txt", [word for word in shuffled if word not in taken][:3600])


def topics(data, out):
    titles = rows(data / "agnews/test.tsv")
    used = set()
    for label, name in enumerate("world sports business science".split(), 1):
        some = [i for i, row in enumerate(titles) if row["label"] == str(label)][:120]
        used.update(some)
        write(out / f"{name}.txt", [titles[i]["title"] for i in some])
    rest = np.array([i for i in range(len(titles)) if i not in used])
    write(out / "random.txt", [titles[i]["title"] for i in np.random.default_rng(3).permutation(rest)[:3600]])


def sentences(data, out):
    dev = rows(data / "sst2/dev872.tsv")
    for label, name in enumerate(("negative", "positive")):
        write(out / f"{name}.txt", [row["sentence"] for row in dev if row["label"] == str(label)][:200])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, out = map(Path, sys.argv[1:])
    colors(out / "colors")
    photos(data, out / "photos")
    words(data, out / "words")
    topics(data, out / "topics")
    sentences(data, out / "sentences")
