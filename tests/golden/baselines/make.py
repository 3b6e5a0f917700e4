#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden files for the baselines, in float64: text.json, images.json, lime.json and shapley.json beside this script.

Input x gradient, integrated gradients, occlusion (FeatureAblation) and the regression of LIME are captum's; LIME's kernel
and regression also the lime package's and scikit-learn's. KernelSHAP, permutations and the Partition explainer are shap's. The
rest is the formula in PyTorch over the attention, gradients and weights of transformers. tests/golden/README.md describes the files.

usage: python3 make.py    # reads ../bert, ../vit and ../../../examples/models"""

import itertools
import json
import math
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here comes from the network
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import numpy as np
import shap
import torch
import transformers.models.deit.modeling_deit as modeling_deit
import transformers.models.vit.modeling_vit as modeling_vit
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients, LimeBase
from captum._utils.models.linear_model import SkLearnRidge
from lime.lime_base import LimeBase as AuthorsLimeBase
from safetensors.torch import load_file
from sklearn.linear_model import Ridge
from shap.maskers._text import partition_tree
from sklearn.metrics import pairwise_distances
from transformers import (BertForSequenceClassification, BertTokenizer, DeiTForImageClassification,
                          ViTForImageClassification)
from transformers.utils import logging

HERE = Path(__file__).resolve().parent
GOLDEN, MODELS = HERE.parent, HERE / "../../../examples/models"
POINTS = 50


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """transformers' eager attention, but for its cast of the softmax to float32."""
    scaling = query.size(-1) ** -0.5 if scaling is None else scaling
    weights = torch.softmax(query @ key.transpose(2, 3) * scaling, dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


modeling_vit.eager_attention_forward = attention
modeling_deit.eager_attention_forward = attention


def integrated_gradients(forward, x, baseline, target):
    """captum's, but for its cast of the quadrature's weights to float32. Attribution, and captum's delta negated."""
    cast = torch.Tensor.float
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        given, delta = IntegratedGradients(forward).attribute(
            x, baselines=baseline, target=target, n_steps=POINTS, method="gausslegendre",
            return_convergence_delta=True, internal_batch_size=POINTS)
    finally:
        torch.Tensor.float = cast
        torch.set_default_dtype(torch.float32)
    return given, -float(delta[0])


class Bert:
    """What the formulas need of a BERT classifier: the forward pass from embedded tokens, and its parts."""

    norm_first = False

    def __init__(self, folder):
        self.model = BertForSequenceClassification.from_pretrained(
            folder, dtype=torch.float64, attn_implementation="eager").eval()
        self.layers, self.heads = list(self.model.bert.encoder.layer), self.model.config.num_attention_heads

    def embed(self, ids, types):
        return self.model.bert.embeddings(torch.tensor([ids]), token_type_ids=torch.tensor([types])).detach()

    def logits(self, rows):
        hidden = rows
        for layer in self.layers:
            hidden = layer(hidden)
        return self.model.classifier(self.model.bert.pooler(hidden))

    def attention_module(self, layer):
        return layer.attention.self

    def value(self, layer):
        return layer.attention.self.value

    def output(self, layer):
        return layer.attention.output.dense

    def attention_input(self, layer, hidden):
        return hidden


class Vision:
    """The same of a vision transformer."""

    norm_first = True

    def __init__(self, kind, folder):
        self.model = kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
        self.base = self.model.vit if hasattr(self.model, "vit") else self.model.deit
        self.layers, self.heads = list(self.base.layers), self.model.config.num_attention_heads

    def embed(self, pixels):
        size = self.model.config.image_size
        trained = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
        return self.base.embeddings(pixels, interpolate_pos_encoding=tuple(pixels.shape[-2:]) != trained)

    def logits(self, rows):
        hidden = rows
        for layer in self.layers:
            hidden = layer(hidden)
        return self.model.classifier(self.base.layernorm(hidden)[:, 0])

    def attention_module(self, layer):
        return layer.attention

    def value(self, layer):
        return layer.attention.v_proj

    def output(self, layer):
        return layer.attention.o_proj

    def attention_input(self, layer, hidden):
        return layer.layernorm_before(hidden)


def run(model, rows):
    """Attention maps [heads, T, T] that gradients can be taken of, inputs of the blocks and the last output, logits."""
    maps, hidden, handles = [], [rows], []
    for layer in model.layers:
        handles.append(model.attention_module(layer).register_forward_hook(lambda _, __, out: maps.append(out[1])))
        handles.append(layer.register_forward_hook(lambda _, __, out: hidden.append(out)))
    logits = model.logits(rows)
    for handle in handles:
        handle.remove()
    return maps, hidden, logits[0]


def row_sums_to_one(matrix):
    return matrix / matrix.sum(-1, keepdim=True)


def from_attention(maps, gradients, special):
    """special: tokens before the patches of an image; 0 for a text."""
    a = torch.stack([m[0].detach() for m in maps])  # [layers, heads, T, T]
    g = torch.stack([m[0] for m in gradients])
    layers, heads, tokens, _ = a.shape
    eye = torch.eye(tokens, dtype=a.dtype)
    rollout = eye
    for l in range(layers):
        rollout = (0.5 * a[l].mean(0) + 0.5 * eye) @ rollout
    generic = eye
    for l in range(layers):
        generic = generic + (g[l] * a[l]).clamp(min=0).mean(0) @ generic
    last_a, last_g = a[-1], g[-1]
    weights = last_g[:, 0, special:].mean(-1) if special else last_g.mean((1, 2))
    cam = (last_a * weights[:, None, None]).mean(0).clamp(min=0)[0]
    return {
        "attention": a.sum((0, 1, 2)) / (layers * heads * tokens),
        "attention-row-sum": a.sum((0, 1, 3)) / (layers * heads * tokens),
        "attention-rollout": rollout[0],
        "grad-sam given": (a * g.clamp(min=0)).sum((0, 1, 3)) / (layers * heads * tokens),
        "grad-sam received": (a * g.clamp(min=0)).sum((0, 1, 2)) / (layers * heads * tokens),
        "attention-grad-cam": cam,
        "gradient-rollout": generic[0],
    }


@torch.no_grad()
def from_vectors(model, maps, hidden):
    """Kobayashi et al. 2020 and 2021, term by term; value zeroing (Mohebbi et al. 2023)."""
    found = {"attention-norm attention": 0, "attention-norm residual": 0, "attention-norm residual-norm": 0}
    rollout = None
    for l, layer in enumerate(model.layers):
        a, x = maps[l][0], hidden[l]
        tokens, width = x.shape[1:]
        values = model.value(layer)(model.attention_input(layer, x))[0].view(tokens, model.heads, -1)
        mix = model.output(layer).weight.view(width, model.heads, -1)
        given = torch.einsum("hij,jhk,ohk->ijo", a, values, mix)  # from j to i
        found["attention-norm attention"] += given.norm(dim=-1).mean(0) / len(model.layers)
        with_residual = given + torch.eye(tokens, dtype=a.dtype)[:, :, None] * x[0][None]
        found["attention-norm residual"] += with_residual.norm(dim=-1).mean(0) / len(model.layers)
        if not model.norm_first:
            norm = layer.attention.output.LayerNorm
            total = with_residual.sum(1) + model.output(layer).bias
            deviation = (total.var(-1, unbiased=False) + norm.eps).sqrt()
            centred = with_residual - with_residual.mean(-1, keepdim=True)
            scaled = centred / deviation[:, None, None] * norm.weight
            attended = layer.attention(x)[0][0]
            assert torch.allclose(scaled.sum(1) + norm.bias + (model.output(layer).bias - model.output(layer).bias.mean())
                                  / deviation[:, None] * norm.weight, attended, atol=1e-10)  # the parts make up the whole
            found["attention-norm residual-norm"] += scaled.norm(dim=-1).mean(0) / len(model.layers)

        turned = torch.zeros(tokens, tokens, dtype=a.dtype)
        for t in range(tokens):
            def zero(_, __, out, t=t):
                out = out.clone()
                out[:, t] = 0
                return out
            handle = model.value(layer).register_forward_hook(zero)
            turned[:, t] = 1 - torch.nn.functional.cosine_similarity(layer(x)[0], hidden[l + 1][0], dim=-1)
            handle.remove()
        rollout = row_sums_to_one(turned) if rollout is None else row_sums_to_one(turned) @ rollout
    found["value-zeroing"] = rollout[0]
    return {name: score for name, score in found.items() if not isinstance(score, int)}


class Stream:
    """The library's random numbers (core/random.hpp): xoshiro256**, Box and Muller."""

    def __init__(self, seed, item):
        golden, self.mask = 0x9e3779b97f4a7c15, (1 << 64) - 1
        key = self.mix(seed + golden) ^ self.mix(self.mix(item + 2 * golden))
        self.state = [self.mix(key + (k + 1) * golden) for k in range(4)]

    def mix(self, x):
        x &= self.mask
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & self.mask
        x = (x ^ x >> 27) * 0x94d049bb133111eb & self.mask
        return x ^ x >> 31

    def rotate(self, x, by):
        return (x << by | x >> 64 - by) & self.mask

    def uniform(self):
        s = self.state
        bits = self.rotate(s[1] * 5 & self.mask, 7) * 9 & self.mask
        shifted = s[1] << 17 & self.mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = self.rotate(s[3], 45)
        return (bits >> 11) * 2.0 ** -53

    def normals(self, shape):
        drawn = [math.sqrt(-2 * math.log(1 - self.uniform())) * math.cos(2 * math.pi * self.uniform())
                 for _ in range(math.prod(shape))]
        return torch.tensor(drawn, dtype=torch.float64).view(shape)


def smooth_grad(forward, x, noisy, target):
    """x times the mean gradient over 25 draws of noise, of 0.1 of the range of the part x[noisy]."""
    scale = 0.1 * (x[noisy].max() - x[noisy].min())
    mean = torch.zeros_like(x)
    for draw in range(25):
        moved = x.clone()
        moved[noisy] += scale * Stream(0, draw).normals(x[noisy].shape)
        moved.requires_grad_()
        mean += torch.autograd.grad(forward(moved)[0, target], moved)[0] / 25
    return x * mean


def probability(logits):
    return torch.softmax(logits, -1)


def text_case(model, ids, types, mask_id):
    """Every score over all tokens; for those of the model's output, over the tokens that are players."""
    rows = model.embed(ids, types)
    players = list(range(1, len(ids) - 1))
    maps, hidden, logits = run(model, rows.clone().requires_grad_())
    target = int(logits.argmax())
    scores = from_attention(maps, torch.autograd.grad(logits[target], maps), 0)
    scores |= from_vectors(model, maps, [h.detach() for h in hidden])
    output, gaps, empty = {}, {}, {}
    masked = model.embed([i if t not in players else mask_id for t, i in enumerate(ids)], types)
    zeroed = rows.clone()
    zeroed[:, players] = 0
    output["input-x-gradient"] = InputXGradient(model.logits).attribute(rows, target=target).sum(-1)[0]
    output["smooth-grad"] = smooth_grad(model.logits, rows, (slice(None), slice(1, -1)), target).sum(-1)[0]
    for name, baseline in (("mask", masked), ("zero", zeroed)):
        given, gaps[f"integrated-gradients {name}"] = integrated_gradients(model.logits, rows, baseline, target)
        output[f"integrated-gradients {name}"] = given.sum(-1)[0]
        empty[f"integrated-gradients {name}"] = float(model.logits(baseline).detach()[0, target])

    def forward(batch):
        return torch.cat([probability(model.logits(model.embed(one.tolist(), types))) for one in batch])
    output["occlusion"] = FeatureAblation(forward).attribute(torch.tensor([ids]), baselines=mask_id, target=target)[0]
    output = {name: score[players] for name, score in output.items()}
    return dict(target=target, scores=lists(scores), output=lists(output), gaps=gaps, empty=empty)


def image_case(model, pixels, patch, special):
    pixels = pixels[None]
    rows = model.embed(pixels).detach()
    maps, hidden, logits = run(model, rows.clone().requires_grad_())
    target = int(logits.argmax())
    scores = from_attention(maps, torch.autograd.grad(logits[target], maps), special)
    scores |= from_vectors(model, maps, [h.detach() for h in hidden])

    def forward(batch):
        return model.logits(model.embed(batch))
    grid = [pixels.shape[2] // patch[0], pixels.shape[3] // patch[1]]

    def patches(values):  # sums over channels and the pixels of each patch, row by row
        values = values[0, :, :grid[0] * patch[0], :grid[1] * patch[1]]
        return values.reshape(-1, grid[0], patch[0], grid[1], patch[1]).sum((0, 2, 4)).flatten()
    output, gaps, empty = {}, {}, {}
    output["input-x-gradient"] = patches(InputXGradient(forward).attribute(pixels, target=target))
    output["smooth-grad"] = patches(smooth_grad(forward, pixels, slice(None), target))
    mean = pixels.mean((2, 3), keepdim=True).expand_as(pixels)
    for name, baseline in (("zero", torch.zeros_like(pixels)), ("mean", mean)):
        given, gaps[f"integrated-gradients {name}"] = integrated_gradients(forward, pixels, baseline, target)
        output[f"integrated-gradients {name}"] = patches(given)
        empty[f"integrated-gradients {name}"] = float(forward(baseline).detach()[0, target])
    groups = torch.full(pixels.shape[2:], grid[0] * grid[1])  # pixels that no patch covers are a group of their own
    groups[:grid[0] * patch[0], :grid[1] * patch[1]] = torch.arange(grid[0] * grid[1]).view(grid).repeat_interleave(
        patch[0], 0).repeat_interleave(patch[1], 1)
    ablated = FeatureAblation(lambda batch: probability(forward(batch))).attribute(
        pixels, baselines=0.0, target=target, feature_mask=groups.expand(pixels.shape))[0, 0]
    output["occlusion zero"] = ablated[:grid[0] * patch[0]:patch[0], :grid[1] * patch[1]:patch[1]].flatten()
    return dict(target=target, scores=lists(scores), output=lists(output), gaps=gaps, empty=empty)


def lists(found):
    assert all(score.dtype == torch.float64 for score in found.values())
    return {name: score.detach().tolist() for name, score in found.items()}


def make_text():
    cases = []
    bundled = Bert(MODELS / "bert-tiny-sst2")
    tokenizer = BertTokenizer.from_pretrained(MODELS / "bert-tiny-sst2")
    for text in ("a gripping , funny film", "The plot is thin, but unbelievably nobody cares.", "Tedious"):
        ids = tokenizer(text)["input_ids"]
        cases.append(dict(model="bert-tiny-sst2", text=text)
                     | text_case(bundled, ids, [0] * len(ids), tokenizer.mask_token_id))
    for name in ("two-layers-two-heads", "four-layers-four-heads", "three-layers-three-heads"):
        model = Bert(GOLDEN / "bert" / name)
        for one in json.loads((GOLDEN / "bert" / name / "inputs.json").read_text())["inputs"][2:]:
            cases.append(dict(model=name, ids=one["ids"], types=one["types"], mask=1)
                         | text_case(model, one["ids"], one["types"], 1))
    (HERE / "text.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"text.json: {len(cases)} cases")


def make_images():
    cases = []
    for name, kind, folder, patch, special, count in (
            ("vit-small-cifar10", ViTForImageClassification, MODELS, (4, 4), 1, 1),
            ("non-square", ViTForImageClassification, GOLDEN / "vit", (4, 4), 1, 2),
            ("rectangular-patches", ViTForImageClassification, GOLDEN / "vit", (4, 2), 1, 1),
            ("distilled", DeiTForImageClassification, GOLDEN / "vit", (4, 4), 2, 2)):
        model = Vision(kind, folder / name)
        stored = load_file(GOLDEN / "vit" / name / "expected.safetensors")
        for i in range(count):
            cases.append(dict(model=name, input=i) | image_case(model, stored[f"{i}/pixels"], patch, special))
    (HERE / "images.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"images.json: {len(cases)} cases")


def make_lime():
    """What LIME makes of fixed samples of the bundled model's outputs."""
    model, tokenizer = Bert(MODELS / "bert-tiny-sst2"), BertTokenizer.from_pretrained(MODELS / "bert-tiny-sst2")
    random, cases = np.random.default_rng(4), []
    for text, count in (("a gripping , funny film", 40), ("it is not bad at all, not at all", 60)):
        ids = tokenizer(text)["input_ids"]
        n = len(ids) - 2
        masks = np.ones((count, n))
        for k in range(1, count):
            masks[k, random.choice(n, random.integers(1, n + 1), replace=False)] = 0
        outputs = [float(probability(model.logits(model.embed(
            [ids[0], *(i if z else tokenizer.mask_token_id for i, z in zip(ids[1:-1], mask)), ids[-1]], [0] * len(ids)))).detach()[0, 1])
            for mask in masks]
        distances = pairwise_distances(masks, masks[:1], metric="cosine").ravel() * 100
        weights = np.sqrt(np.exp(-(distances ** 2) / 25 ** 2))
        labels = np.array(outputs)[:, None]
        ridge = Ridge(alpha=1).fit(masks, labels[:, 0], sample_weight=weights).coef_
        authors = AuthorsLimeBase(lambda d: np.sqrt(np.exp(-(d ** 2) / 25 ** 2)), random_state=np.random.RandomState(0))
        explained = dict(authors.explain_instance_with_data(masks, labels, distances, 0, n, feature_selection="none")[1])
        assert np.abs(ridge - [explained[i] for i in range(n)]).max() < 1e-14
        rows = iter(range(count))
        order = []

        def perturb(*_, **__):
            order.append(next(rows))
            return torch.tensor(masks[order[-1]])[None]
        captum = LimeBase(lambda mask: torch.tensor([outputs[order[-1]]], dtype=torch.float64), SkLearnRidge(alpha=1),
                          similarity_func=lambda *_, **__: torch.tensor(weights[order[-1]]),
                          perturb_func=perturb, perturb_interpretable_space=True,
                          from_interp_rep_transform=lambda sample, *_, **__: sample, to_interp_rep_transform=None)
        same = captum.attribute(torch.ones(1, n, dtype=torch.float64), n_samples=count)[0].numpy()
        assert np.abs(ridge - same).max() < 1e-6 * np.abs(ridge).max(), (ridge, same)
        cases.append(dict(text=text, masks=masks.astype(int).tolist(), outputs=outputs, weights=weights.tolist(),
                          coefficients=ridge.tolist(),
                          ridge_5=Ridge(alpha=5).fit(masks, labels[:, 0], sample_weight=weights).coef_.tolist()))
    (HERE / "lime.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"lime.json: {len(cases)} cases")


class Masker:
    """The mask itself is the input; with a tree over the players for the Partition explainer."""

    def __init__(self, n, clustering=None):
        self.shape = (1, n)
        if clustering is not None:
            self.clustering = clustering

    def __call__(self, mask, x):
        return (np.asarray(mask).reshape(1, -1).astype(float),)


def shapley_case(n, value, pieces=None):
    """value(mask): the probability of the predicted class with the players of a 0/1 list visible."""
    table = {mask: value(mask) for mask in itertools.product((0, 1), repeat=n)}

    def game(masks):
        return np.array([table[tuple(int(z) for z in mask)] for mask in np.asarray(masks)])
    exact = np.zeros(n)
    for order in itertools.permutations(range(n)):
        mask = [0] * n
        for i in order:
            before = table[tuple(mask)]
            mask[i] = 1
            exact[i] += (table[tuple(mask)] - before) / math.factorial(n)
    values = {"shapley-input": exact}
    if n > 1:
        kernel = shap.KernelExplainer(game, np.zeros((1, n)))
        values["kernel-shap"] = np.ravel(kernel.shap_values(np.ones((1, n)), nsamples=2**n, l1_reg=False, silent=True))
        assert np.abs(values["kernel-shap"] - exact).max() < 1e-7, values
    if n == 2:  # an order and its reverse are all
        values["permutation-shap"] = shap.PermutationExplainer(game, Masker(n), seed=0)(
            np.ones((1, n)), max_evals=5 * (2 * n + 1), silent=True).values[0]
    if pieces is not None and n > 1:
        tree = partition_tree(pieces, [])
        tree[:, 2] = tree[:, 3]  # as shap.maskers.Text does: what lies at a negative distance is not split
        values["partition-shap"] = shap.PartitionExplainer(game, Masker(n, tree))(
            np.ones((1, n)), max_evals=10**6, silent=True).values[0]
    return dict(empty=table[(0,) * n], full=table[(1,) * n], values={k: np.ravel(v).tolist() for k, v in values.items()})


@torch.no_grad()
def make_shapley():
    cases = []

    def text(model, ids, types, mask_id, pieces):
        def logits(mask):
            return model.logits(model.embed([ids[0], *(i if z else mask_id for i, z in zip(ids[1:-1], mask)), ids[-1]], types))[0]
        n = len(ids) - 2
        target = int(logits([1] * n).argmax())
        return dict(target=target) | shapley_case(n, lambda mask: float(probability(logits(mask))[target]), pieces)

    tokenizer, bundled = BertTokenizer.from_pretrained(MODELS / "bert-tiny-sst2"), Bert(MODELS / "bert-tiny-sst2")
    for sentence in ("a gripping , funny film", "not bad", "unbelievably dull and slow"):
        ids = tokenizer(sentence)["input_ids"]
        cases.append(dict(model="bert-tiny-sst2", text=sentence) | text(
            bundled, ids, [0] * len(ids), tokenizer.mask_token_id, tokenizer.convert_ids_to_tokens(ids)[1:-1]))
    for name in ("two-layers-two-heads", "four-layers-four-heads", "three-layers-three-heads"):
        one = json.loads((GOLDEN / "bert" / name / "inputs.json").read_text())["inputs"][2]
        ids, types = one["ids"][:7], one["types"][:7]
        cases.append(dict(model=name, ids=ids, types=types, mask=1)
                     | text(Bert(GOLDEN / "bert" / name), ids, types, 1, ["id"] * (len(ids) - 2)))
    for name, folder, side in (("vit-small-cifar10", MODELS, 4), ("non-square", GOLDEN / "vit", 2)):
        model = Vision(ViTForImageClassification, folder / name)
        pixels = load_file(GOLDEN / "vit" / name / "expected.safetensors")["0/pixels"].double()[None]
        block = 4 * side  # patches of 4 x 4
        corners = list(itertools.product(range(0, pixels.shape[2], block), range(0, pixels.shape[3], block)))

        def logits(mask):
            hidden = pixels.clone()
            for z, (top, left) in zip(mask, corners):
                if not z:
                    hidden[:, :, top:top + block, left:left + block] = 0
            return model.logits(model.embed(hidden))[0]
        target = int(logits([1] * len(corners)).argmax())
        cases.append(dict(model=name, input=0, super_patch=side, target=target)
                     | shapley_case(len(corners), lambda mask: float(probability(logits(mask))[target])))
    (HERE / "shapley.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"shapley.json: {len(cases)} cases")


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    make_text()
    make_images()
    make_lime()
    make_shapley()
