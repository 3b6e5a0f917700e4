#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden files for BERT sequence classification: small random checkpoints as Hugging Face saves them, and
what transformers and torch's autograd say about them in float64. Every result is compared with a plain NumPy forward
pass and with central differences before it is written. tests/golden/README.md describes the files.

usage: python3 make.py [--models DIR]"""

import argparse
import json
import math
import os
import shutil
from itertools import combinations
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here comes from the network
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
from transformers.utils import logging

HERE = Path(__file__).resolve().parent
BUNDLED = "bert-tiny-sst2"

# ---- the random checkpoints: name -> what it differs in, target class, inputs, how its weights are stored ----

DEFAULTS = dict(vocab_size=40, max_position_embeddings=16, hidden_act="gelu", layer_norm_eps=1e-12, num_labels=2)


def shape(layers, heads, width, intermediate, **more):
    return DEFAULTS | dict(
        num_hidden_layers=layers, num_attention_heads=heads, hidden_size=width, intermediate_size=intermediate
    ) | more


SMALL = shape(2, 2, 10, 15, vocab_size=20, max_position_embeddings=12)
ALL_LENGTHS = (1, 2, 11, "pair", "max")
NO_PAIR = (1, 2, 11, "max")  # fewer, where the files would grow large
CHECKPOINTS = {
    "one-layer-one-head": dict(config=shape(1, 1, 7, 13), target=1),
    "two-layers-two-heads": dict(
        config=shape(2, 2, 36, 51, hidden_act="gelu_new", layer_norm_eps=1e-5, num_labels=3,
                     id2label={0: "sour", 1: "sweet", 2: "bitter"}, label2id={"sour": 0, "sweet": 1, "bitter": 2}),
        target=2, lengths=(1, 2, 7, "pair", "max")),
    "three-layers-three-heads": dict(
        config=shape(3, 3, 21, 33, hidden_act="relu", layer_norm_eps=1e-2, num_labels=5, max_position_embeddings=17),
        target=3, lengths=NO_PAIR),
    "four-layers-four-heads": dict(
        config=shape(4, 4, 20, 37, hidden_act="gelu_pytorch_tanh"), target=0, lengths=(1, 2, 7, "max")),
    "five-heads-regression": dict(
        config=shape(1, 5, 30, 45, layer_norm_eps=1e-5, num_labels=1, problem_type="regression"), target=0,
        lengths=(1, 7, "pair", "max")),
    "eight-heads-multi-label": dict(
        config=shape(1, 8, 40, 61, num_labels=3, problem_type="multi_label_classification"), target=1,
        lengths=NO_PAIR),
    "large-vocabulary": dict(  # the inputs use 30 of the 300 rows
        config=shape(3, 2, 14, 23, vocab_size=300, hidden_act="gelu_new", type_vocab_size=3), target=1, ids_below=30,
        lengths=(2, 7, "pair")),
    "four-layers-one-head": dict(
        config=shape(4, 1, 9, 8, hidden_act="relu", type_vocab_size=1, max_position_embeddings=24), target=1,
        lengths=NO_PAIR),
    "stored-f16": dict(config=SMALL, target=1, lengths=(3, "pair"), dtype=torch.float16),
    "stored-bf16": dict(config=SMALL, target=0, lengths=(3, "pair"), dtype=torch.bfloat16),
    "no-prefix": dict(config=SMALL, target=1, lengths=(3, "pair"), layout="no-prefix"),
    "old-names": dict(config=SMALL, target=0, lengths=(3, "pair"), layout="old-names"),
}


def random_model(config, seed, dtype):
    """Weights ~ N(0, 0.3), LayerNorm's ~ 1 + N(0, 0.3), so that no gradient is tiny; rounded to `dtype`."""
    random = np.random.default_rng(seed)  # NumPy's stream, as torch's depends on the processor
    model = BertForSequenceClassification(BertConfig(**config, attn_implementation="eager"))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            values = 0.3 * random.standard_normal(tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(values + (1.0 if "LayerNorm.weight" in name else 0.0)))
    return model.to(dtype)


def random_inputs(config, seed, lengths, ids_below):
    """One input a length; "pair" has segments of type 0 and 1 where the model has more than one type."""
    random = np.random.default_rng([seed, 1])
    inputs = []
    for length in lengths:
        count = {"pair": 9, "max": config["max_position_embeddings"]}.get(length, length)
        second = 1 if config.get("type_vocab_size", 2) > 1 else 0
        types = [second if length == "pair" and i >= 4 else 0 for i in range(count)]
        inputs.append(dict(ids=random.integers(0, ids_below, count).tolist(), types=types))
    return inputs


def save_checkpoint(model, folder, layout):
    model.save_pretrained(folder)
    if layout == "standard":
        return
    path = folder / "model.safetensors"
    tensors = load_file(path)
    if layout == "no-prefix":
        tensors = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
    else:  # what checkpoints of 2018 to 2023 look like
        old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        for new_name, old_name in old.items():
            tensors = {name.replace(new_name, old_name): tensor for name, tensor in tensors.items()}
        tensors["bert.embeddings.position_ids"] = torch.arange(model.config.max_position_embeddings)[None]
        tensors["cls.predictions.bias"] = torch.zeros(model.config.vocab_size)
    save_file(tensors, path, metadata={"format": "pt"})


# ---- what transformers and autograd say ----


def load(folder):
    """The stored weights, widened to float64; eager attention, no dropout."""
    model = BertForSequenceClassification.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager").eval()
    assert all(tensor.dtype == torch.float64 for tensor in model.state_dict().values())
    return model


def explain(model, one, target):
    """Logits, attention, hidden states, and the gradients of logit `target` with respect to them, as float64."""
    rows = model.bert.embeddings.word_embeddings(torch.tensor([one["ids"]])).detach().requires_grad_()
    out = model(inputs_embeds=rows, token_type_ids=torch.tensor([one["types"]]),
                output_attentions=True, output_hidden_states=True)
    # `attentions` are the very tensors that multiply the values (BERT's eager attention, no dropout in eval mode).
    inner = [rows, *out.attentions, *out.hidden_states]
    gradients = torch.autograd.grad(out.logits[0, target], inner)
    layers = model.config.num_hidden_layers
    assert len(out.attentions) == layers and len(out.hidden_states) == layers + 1
    found = {"logits": out.logits[0], "embedding_gradient": gradients[0][0]}
    for l in range(layers):
        found[f"attention/{l}"] = out.attentions[l][0]
        found[f"attention_gradient/{l}"] = gradients[1 + l][0]
    for l in range(layers + 1):
        found[f"hidden/{l}"] = out.hidden_states[l][0]
        found[f"hidden_gradient/{l}"] = gradients[1 + layers + l][0]
    assert all(tensor.dtype == torch.float64 for tensor in found.values())
    return {name: tensor.detach().contiguous().clone() for name, tensor in found.items()}


# ---- the same in NumPy, from the weights alone: is it really float64, and are these the gradients we mean? ----

ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]


def plain_forward(weights, config, one, change=lambda name, values: None):
    """`change(name, values)` sees, and may change in place, each value before it is used."""
    heads = config.num_attention_heads
    size = config.hidden_size // heads
    seen = {}

    def see(name, values):
        change(name, values)
        seen[name] = values
        return values

    def linear(name, x):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(name, x):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + config.layer_norm_eps)
        return scaled * weights[name + ".weight"] + weights[name + ".bias"]

    table = "bert.embeddings.{}_embeddings.weight"
    count = len(one["ids"])
    rows = see("embedding", weights[table.format("word")][one["ids"]])
    rows = rows + weights[table.format("position")][:count] + weights[table.format("token_type")][one["types"]]
    x = see("hidden/0", norm("bert.embeddings.LayerNorm", rows))
    for l in range(config.num_hidden_layers):
        layer = f"bert.encoder.layer.{l}."
        q, k, v = (linear(layer + "attention.self." + part, x).reshape(count, heads, size).transpose(1, 0, 2)
                   for part in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(size)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attention = see(f"attention/{l}", scores / scores.sum(-1, keepdims=True))
        mixed = (attention @ v).transpose(1, 0, 2).reshape(count, heads * size)
        x = norm(layer + "attention.output.LayerNorm", x + linear(layer + "attention.output.dense", mixed))
        inner = ACTIVATIONS[config.hidden_act](linear(layer + "intermediate.dense", x))
        x = see(f"hidden/{l + 1}", norm(layer + "output.LayerNorm", x + linear(layer + "output.dense", inner)))
    seen["logits"] = linear("classifier", np.tanh(linear("bert.pooler.dense", x[0])))
    return seen


def check(weights, config, one, target, found, random, step=2e-5):
    """The largest relative errors of the values and of the gradients; each gradient at its largest entry and 2 more."""
    plain = plain_forward(weights, config, one)
    value_error = max(np.abs(plain[name] - found[name].numpy()).max() / max(1.0, np.abs(plain[name]).max())
                      for name in found if "gradient" not in name)
    gradient_error = 0.0
    for name in (name for name in found if "gradient" in name):
        gradient = found[name].numpy().ravel()
        largest = np.abs(gradient).max()
        for entry in [int(np.abs(gradient).argmax()), *random.integers(0, gradient.size, 2).tolist()]:
            logit = []
            for sign in (1, -1):
                def change(seen, values):
                    if seen == name.replace("_gradient", ""):
                        values.reshape(-1)[entry] += sign * step
                logit.append(plain_forward(weights, config, one, change)["logits"][target])
            error = abs((logit[0] - logit[1]) / (2 * step) - gradient[entry])
            gradient_error = max(gradient_error, error / max(largest, 1e-3))
    assert value_error < 1e-13, value_error
    assert gradient_error < 1e-7, gradient_error
    return value_error, gradient_error


def numpy_weights(model):
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


# ---- the attention games (spec: "Integrating attention into explanation frameworks", arXiv 2508.08966) ----


def aggregate(found, layers, with_gradient):
    """Mean over layers and heads of A, or of A times the positive part of its gradient."""
    maps = []
    for l in range(layers):
        for head in range(found[f"attention/{l}"].shape[0]):
            a = found[f"attention/{l}"][head].numpy()
            maps.append(a * np.maximum(found[f"attention_gradient/{l}"][head].numpy(), 0) if with_gradient else a)
    return sum(maps) / len(maps)


def characteristic_function(kind, matrix, players):
    """v(S) as the paper defines it; a coalition is a tuple of positions in `players`."""
    def value(coalition):
        members = [players[i] for i in coalition]
        if kind == "cls":
            return math.fsum(matrix[0][i] for i in members)
        if len(members) == 1:
            return matrix[members[0]][members[0]]
        pair = (lambda a, b: a + b) if kind == "mutual" else max
        return math.fsum(pair(matrix[i][j], matrix[j][i]) for i, j in combinations(members, 2))
    return value


def shapley_by_brute_force(value, n):
    """phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)), all 2^n coalitions."""
    v = {s: value(s) for size in range(n + 1) for s in combinations(range(n), size)}
    phi = []
    for i in range(n):
        terms = []
        for s in (s for s in v if i not in s):
            weight = math.factorial(len(s)) * math.factorial(n - len(s) - 1) / math.factorial(n)
            terms.append(weight * (v[tuple(sorted((*s, i)))] - v[s]))
        phi.append(math.fsum(terms))
    return phi, v[tuple(range(n))]


def games(model, one, text, special):
    with torch.no_grad():
        target = int(model(torch.tensor([one["ids"]])).logits[0].argmax())
    found = explain(model, one, target)
    players = [t for t, token in enumerate(one["ids"]) if token not in special]
    result = dict(text=text, ids=one["ids"], target=target, players=players, aggregated={}, games={})
    for matrix_name, prefix, with_gradient in (("attention", "", False), ("grad-attention", "grad-", True)):
        matrix = aggregate(found, model.config.num_hidden_layers, with_gradient).tolist()
        result["aggregated"][matrix_name] = dict(
            class_row=matrix[0], players=[[matrix[i][j] for j in players] for i in players])
        for kind in ("cls", "mutual", "max-mutual"):
            phi, full = shapley_by_brute_force(characteristic_function(kind, matrix, players), len(players))
            result["games"][f"{prefix}attention-{kind}"] = dict(values=phi, value_full=full)
    return result


# ---- files ----


def write_inputs(path, inputs, **head):
    """One input a line."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    rows = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in inputs)
    path.write_text("{\n" + "".join(lines) + ' "inputs": [\n' + rows + "\n ]\n}\n", encoding="utf-8")


def report(name, expected, errors):
    largest = {}
    for key, tensor in expected.items():
        what = key.split("/", 1)[1]
        if "gradient" in what:
            largest[what] = max(largest.get(what, 0.0), float(tensor.abs().max()))
    print(f"{name}: values within {max(e[0] for e in errors):.1e} of NumPy's, gradients within "
          f"{max(e[1] for e in errors):.1e} of central differences; largest |gradient| "
          + ", ".join(f"{what} {value:.2g}" for what, value in sorted(largest.items())))


def make_random(name, seed, config, target, lengths=ALL_LENGTHS, ids_below=None, dtype=torch.float32,
                layout="standard"):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    save_checkpoint(random_model(config, seed, dtype), folder, layout)
    model = load(folder)  # as transformers reads what was written
    inputs = random_inputs(config, seed, lengths, ids_below or config["vocab_size"])
    write_inputs(folder / "inputs.json", inputs, target=target)
    weights, random = numpy_weights(model), np.random.default_rng([seed, 2])
    expected, errors = {}, []
    for i, one in enumerate(inputs):
        found = explain(model, one, target)
        errors.append(check(weights, model.config, one, target, found, random))
        expected |= {f"{i}/{key}": tensor for key, tensor in found.items()}
    save_file(expected, folder / "expected.safetensors")
    report(name, expected, errors)


SENTENCES = [
    "Wonderful!",
    "a quietly moving story",
    "The plot is a tedious, joyless mess.",
    "An unbelievably charming café comedy; naïve, but never dull.",
    "boring",
    "I can't say it's bad -- it isn't -- yet after two hours (and one nap) I'd rather re-watch the trailer \U0001F600 twice.",
    "Although the first act drags, and although the director's fondness for slow-motion close-ups borders on parody, the "
    "two leads are so warm, so funny and so plainly enjoying each other's company that by the last scene, a nearly "
    "wordless supper in an empty railway station, even the grumpiest viewer will have forgiven everything that went "
    "before.",
    "very " * 140 + "good",  # more tokens than the model has positions
]
DETAILED = [0, 1, 2]  # attention, hidden states and gradients only for these, to stay small
MOST_PLAYERS = 10


def make_bundled(models):
    source, folder = models / BUNDLED, HERE / BUNDLED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tokenizer = BertTokenizerFast.from_pretrained(source)
    model = load(source)
    weights, random, target = numpy_weights(model), np.random.default_rng(0), 1
    special = {tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id}
    inputs, expected, errors, all_games = [], {}, [], []
    for i, text in enumerate(SENTENCES):
        encoded = tokenizer(text, truncation=True, max_length=model.config.max_position_embeddings)
        one = dict(ids=encoded["input_ids"], types=encoded["token_type_ids"])
        inputs.append(dict(text=text, **one))
        found = explain(model, one, target)
        errors.append(check(weights, model.config, one, target, found, random))
        expected |= {f"{i}/{key}": tensor for key, tensor in found.items() if i in DETAILED or key == "logits"}
        if sum(token not in special for token in one["ids"]) <= MOST_PLAYERS:
            all_games.append(games(model, one, text, special))
        print(f"  {len(one['ids'])} tokens, logits {found['logits'].tolist()}: "
              f"{' '.join(tokenizer.convert_ids_to_tokens(one['ids'])[:20])}")
    write_inputs(folder / "inputs.json", inputs, target=target, detailed=DETAILED)
    save_file(expected, folder / "expected.safetensors")
    rows = ",\n".join(json.dumps(game, ensure_ascii=False) for game in all_games)
    (folder / "games.json").write_text("[\n" + rows + "\n]\n", encoding="utf-8")
    report(BUNDLED, expected, errors)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=HERE / "../../../examples/models",
                        help="folder that holds bert-tiny-sst2 (default: the repository's examples/models)")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    for seed, (name, settings) in enumerate(CHECKPOINTS.items()):
        make_random(name, seed, **settings)
    make_bundled(arguments.models)
