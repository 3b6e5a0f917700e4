#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes golden.json: hard texts and what BertTokenizerFast of transformers makes of them, for several tokenisers.

    pip install transformers==5.23.0 tokenizers==0.23.3
    python make.py ../../../examples/models/bert-tiny-sst2

Each tokeniser is stored as the files of its folder (or as the name of a bundled model), so that the test loads it as a
user would. Offsets are bytes.
"""
import json
import os
import random
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from compare import HARD, reference  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGIMSTZ0123456789") + list("éñößÅÉİıſσςΣώ中文한국ｱァ") + [
    "\u1112", "\u1161", "\u11ab", "\u302e", "\u1b44", "\u0307", "\u0301", "\U0001d165", "\u00df", "\u03ac"]
WORDS = ["film", "the", "un", "unaff", "Film", "FILM", "movie", "café", "cafe", "grip", "ΣΑΣ"]
ENDS = ["##" + end for end in ["ing", "able", "aff", "s", "é", "ping"]]
VOCABULARY = list(dict.fromkeys(SPECIAL + list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»；！") + LETTERS + WORDS + [
    "##" + letter for letter in LETTERS] + ENDS))

TEXTS = [
    ("",), ("   \t\n ",), ("a gripping film",), ("The unaffable Film, FILM; café!",), ("don't e-mail U.S.A. $5.00 #film @a",),
    ("a [MASK] b[SEP]c",), ("[mask] [Mask] [ MASK ] [MASK[MASK]]",), ("film[MASK]film [CLS][PAD]",), (" [MASK] ",),
    ("[UNK] [unk]",), ("e\u0301 é E\u0301 É caf\u00e9s cafe\u0301s",), ("ÅÅ Å \u212b a\u030a",), ("\u0301", ), ("\u0301\u0301 a \u0301",),
    ("İi Iı ſt ß ẞ ΣΑΣ σας Ώ ώ ά ά",), ("中文film中 文",), ("\uf900\U0002f800\U00020000 x",), ("한국어 한 \u1112\u1161\u11ab",),
    ("ｱァ カ゛ が",), ("a\u200bb a\u00adb a\u200db \ufeffa",), ("a\u00a0b a\u2003b a\u3000b a\u2028b a\u0085b",), ("a\x00b a\x07b a\x0bb \x7f a\x1fb",),
    ("\ufffd a\ufffdb",), ("a\u302e\u0316b é\u302e\u0316b \u302e\u0316",), ("x\u0344\u302e y\u0f73\u1b44 \u1b44\u0334",),
    ("a\U0001d165\u0316\u0334b \U0001d15e \U0001d1bc",), ("a\u08d4\u0316 \u0958 \u093c",), ("«film» “film” — … ¿a? ¡b!",),
    ("\u1fef \u037e \u0387 ´ ` ^ ~ | < = > + $ € £ ©",), ("😀 film😀 👩‍👩‍👧 🇫🇷",), ("a" * 100,), ("a" * 101,), ("é" * 100 + " " + "é" * 101,),
    ("e\u0301" * 100,), ("中" * 3 + "a" * 99,), ("a" * 100 + "." + "b" * 101,), ("##ing film##s #",), ("unaffableable unaffq Q q",), ("1234567890 12,345.67",),
    ("\u0130stanbul \u01c5 \u1e9e \ua7cb \U00010d50 \U00016ea0",), ("tab\tnew\nline\r\nend",), ("new NEW New renew new film new",), ("x \u00c9tat \u00e9tat e\u0301tat x",),
    ("a <x> b<x>c <x>", ), ("<s> a<s>  b  <s>  ", ), ("\u3000<s>\u00a0[MASK]\t[MASK]",), ("word wordy _word w\u0301ord word.",), ("a", ""), ("", "b"), ("", ""),
    ("a film", "the movie"), ("a [SEP] b", "[MASK] é"), ("the film the film the film", "a movie"), ("a", "the film the film the film"),
]
LENGTHS = [3, 4, 5, 6, 7, 9]


def write(folder, files):
    for name, content in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as out:
            out.write(content)


def vocabulary_files(**config):
    return {"vocab.txt": "\n".join(VOCABULARY) + "\n",
            "tokenizer_config.json": json.dumps({"tokenizer_class": "BertTokenizer", **config})}


def added(content, **flags):
    defaults = dict(lstrip=False, rstrip=False, single_word=False, normalized=False, special=False)
    return {"content": content, **defaults, **flags}


def with_added_tokens():
    tokens = [added(content, special=True) for content in SPECIAL]
    tokens[4] = added("[MASK]", special=True, lstrip=True)
    decoder = dict(enumerate(tokens))
    extra = [added("<x>", special=True), added("<s>", lstrip=True, rstrip=True, special=True), added("NEW", normalized=True),
             added("\u00c9tat", normalized=True, single_word=True), added("word", single_word=True)]
    decoder.update({len(VOCABULARY) + i: token for i, token in enumerate(extra)})
    return vocabulary_files(added_tokens_decoder=decoder, do_lower_case=True)


def saved(tokenizer):
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return {name: open(os.path.join(folder, name), encoding="utf-8").read()
                for name in os.listdir(folder) if name.startswith("tokenizer")}


def saved_template():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, with_added_tokens())
        return saved(AutoTokenizer.from_pretrained(folder))


def json_alone():
    prefix = "@@"
    pieces = {(prefix + piece[2:] if piece.startswith("##") else piece): i for i, piece in enumerate(VOCABULARY)}
    backend = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]", max_input_chars_per_word=5,
                                         continuing_subword_prefix=prefix))
    backend.normalizer = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True,
                                                    lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    backend.add_special_tokens(SPECIAL)
    return {"tokenizer.json": backend.to_str()}


def main(model):
    settings = {
        "uncased": vocabulary_files(),
        "cased": vocabulary_files(do_lower_case=False),
        "cased, accents stripped": vocabulary_files(do_lower_case=False, strip_accents=True),
        "uncased, accents kept": vocabulary_files(strip_accents=False),
        "ideographs in words": vocabulary_files(tokenize_chinese_chars=False),
        "added tokens": with_added_tokens(),
        "tokenizer.json with a template": saved_template(),
        "tokenizer.json alone": json_alone(),
    }
    draw = random.Random(0)
    randoms = [("".join(draw.choices(HARD, k=draw.randrange(2, 9))),) for _ in range(25)]
    result = {"versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}, "tokenizers": []}
    for name, files in {"bundled": None, **settings}.items():
        with tempfile.TemporaryDirectory() as folder:
            if files:
                write(folder, files)
            tokenizer = AutoTokenizer.from_pretrained(folder if files else model)
            cases = []
            for texts in TEXTS + randoms:
                for length in [0] + (LENGTHS if len(texts) == 2 and len(texts[0] + texts[1]) > 8 else []):
                    ids, types, begins, ends, words = reference(tokenizer, texts, length)
                    words = [-1 if word is None else word for word in words]
                    cases.append({"texts": texts, "max_length": length,
                                  "tokens": list(zip(ids, types, begins, ends, words))})
        result["tokenizers"].append({"name": name, "files": files, "cases": cases})
    with open("golden.json", "w", encoding="utf-8") as out:
        out.write(json.dumps(result, separators=(",", ":"), ensure_ascii=True).replace('{"texts"', '\n{"texts"') + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
