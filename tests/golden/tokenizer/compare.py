#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares regard's tokeniser with BertTokenizerFast of transformers: ids, token types, offsets, word numbers.

    pip install transformers==5.23.0 tokenizers==0.23.3
    g++ -std=c++20 -O2 -DNDEBUG -I../../../include -I/usr/include/eigen3 encode_lines.cpp -o encode_lines -lutf8proc
    python compare.py encode_lines FOLDER [--text F.tsv:COLUMN ..] [--pair F.tsv:COLUMN:COLUMN ..] [--code-points]
                      [--random N] [--max-length N] [--cased]

FOLDER holds the vocabulary. Each --text is a tab-separated file with a header line, without quoting. --code-points
puts every code point into several contexts; --random draws strings from hard characters. Exits with 1 when any
encoding differs.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import AutoTokenizer, BertTokenizerFast  # noqa: E402

HARD = (
    list("aAbzZ019 \t\n.,-'`[]#_$%&ßŞİıſσςΣΌéÉñöÅ中文한국어ｱァ；！￥«»¿") +
    ["\u0301", "\u0316", "\u0345", "\u0327", "\u302e", "\u1b44", "\u0344", "\u0f73", "\u093c", "\u0958", "\u08d4",
     "\u200b", "\u200d", "\u00ad", "\u2028", "\u3000", "\u00a0", "\u0085", "\x00", "\x0b", "\x7f", "\ufffd", "\ufeff",
     "\U0001d165", "\U0001d15e", "\U0001f600", "\U0002f800", "\uf900", "\U00020000", "\ue000", "\U0010ffff", "\u1e9b\u0323",
     "\u0130", "\u212b", "\u1fef", "\u037e", "\u2001", "\u0e33", "\u11a8", "\u1100", "\u1161", "\uac01",
     "[MASK]", "[SEP]", "[CLS]", "[mask]", "[PAD", "UNK]", "the", "Film", "unaffable", "a" * 60, "é" * 55])


def column(spec, parts):
    path, *names = spec.rsplit(":", parts)
    with open(path, encoding="utf-8", newline="\n") as lines:
        header = next(lines).rstrip("\n").split("\t")
        places = [header.index(name) for name in names]
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            yield tuple(fields[place] for place in places)


def inputs(arguments):
    for spec in arguments.text:
        yield spec, list(column(spec, 1))
    for spec in arguments.pair:
        yield spec, list(column(spec, 2))
    if arguments.code_points:
        characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
        yield "every code point, alone", [(c,) for c in characters]
        yield "every code point, in a word", [("ab" + c + "cd " + c + "\u0316e",) for c in characters]
        yield "every code point, among marks", [("x\u0345" + c + "\u302e\u0334" + c + "\u1b44.",) for c in characters]
    if arguments.random:
        draw = random.Random(arguments.seed)
        yield "random", [tuple("".join(draw.choices(HARD, k=draw.randrange(12))) for _ in range(draw.choice((1, 1, 2))))
                         for _ in range(arguments.random)]


def reference(tokenizer, texts, max_length):
    limit = {"truncation": True, "max_length": max_length} if max_length else {"truncation": False}
    # As a batch of one: alone, transformers takes an empty second text for none.
    encoding = tokenizer(*([text] for text in texts), return_offsets_mapping=True, return_token_type_ids=True, **limit)
    sizes = []
    for text in texts:
        bytes_before = [0]
        for character in text:
            bytes_before.append(bytes_before[-1] + len(character.encode()))
        sizes.append(bytes_before)
    begins, ends = [], []
    for (begin, end), segment in zip(encoding["offset_mapping"][0], encoding.sequence_ids(0)):
        begins.append(0 if segment is None else sizes[segment][begin])
        ends.append(0 if segment is None else sizes[segment][end])
    return [encoding["input_ids"][0], encoding["token_type_ids"][0], begins, ends, encoding.word_ids(0)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--text", action="append", default=[])
    parser.add_argument("--pair", action="append", default=[])
    parser.add_argument("--code-points", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-length", type=int, default=0)
    parser.add_argument("--cased", action="store_true", help="the same vocabulary with do_lower_case off")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
            if os.path.exists(os.path.join(arguments.folder, name)):
                shutil.copy(os.path.join(arguments.folder, name), folder)
        path = os.path.join(folder, "tokenizer_config.json")
        config = json.load(open(path)) if os.path.exists(path) else {"tokenizer_class": "BertTokenizer"}
        config.pop("model_max_length", None)
        if arguments.cased:
            config["do_lower_case"] = False
        os.path.exists(path) and os.remove(path)
        json.dump(config, open(path, "w"))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert isinstance(tokenizer, BertTokenizerFast), type(tokenizer)
        failures = 0
        for name, batch in inputs(arguments):
            message = [f"{folder}\n{arguments.max_length}\n".encode()]
            for texts in batch:
                message.append(b"%d\n" % len(texts))
                for text in texts:
                    data = text.encode()
                    message.append(b"%d\n%s" % (len(data), data))
            run = subprocess.run([os.path.abspath(arguments.program)], input=b"".join(message), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, check=True)
            lines = run.stdout.splitlines()
            assert len(lines) == len(batch), (len(lines), len(batch))
            wrong, tokens, seconds = 0, 0, 0.0
            for texts, line in zip(batch, lines):
                start = time.perf_counter()
                expected = reference(tokenizer, texts, arguments.max_length)
                seconds += time.perf_counter() - start
                *actual, dropped = json.loads(line)
                tokens += len(expected[0])
                if actual != expected or (not arguments.max_length and dropped):
                    wrong += 1
                    if wrong <= 5:
                        print("DIFFERS", ascii(texts), "\n  regard      ", actual, "\n  transformers", expected)
            failures += wrong
            size = sum(len(text.encode()) for texts in batch for text in texts)
            print(f"{name}: {len(batch)} inputs, {size} bytes, {tokens} tokens, {wrong} differ; "
                  f"{run.stderr.decode().strip()}, transformers {seconds:.2f}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
