#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden files for vision transformers: small random checkpoints as Hugging Face saves them, and what
transformers and torch's autograd say about them in float64. Gradients are compared with central differences before they
are written. tests/golden/README.md describes the files.

usage: python3 make.py [--models DIR]"""

import argparse
import json
import os
import shutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here comes from the network
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import numpy as np
import torch
import transformers.models.deit.modeling_deit as modeling_deit
import transformers.models.vit.modeling_vit as modeling_vit
from safetensors.torch import load_file, save_file
from transformers import (DeiTConfig, DeiTForImageClassification, DeiTForImageClassificationWithTeacher, ViTConfig,
                          ViTForImageClassification)
from transformers.utils import logging

HERE = Path(__file__).resolve().parent
BUNDLED = "vit-small-cifar10"


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """transformers' eager attention, but for its cast of the softmax to float32."""
    scaling = query.size(-1) ** -0.5 if scaling is None else scaling
    weights = torch.softmax(query @ key.transpose(2, 3) * scaling, dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


modeling_vit.eager_attention_forward = attention
modeling_deit.eager_attention_forward = attention

# ---- the random checkpoints: name -> class, what it differs in, target class, sizes of the inputs ----


def shape(layers, heads, width, intermediate, image, patch, **more):
    return dict(num_hidden_layers=layers, num_attention_heads=heads, hidden_size=width, intermediate_size=intermediate,
                image_size=image, patch_size=patch, hidden_act="gelu", layer_norm_eps=1e-12, num_labels=2) | more


CHECKPOINTS = {
    "one-layer-one-head": dict(model=ViTForImageClassification, config=shape(1, 1, 7, 13, 8, 4), target=1,
                               sizes=[(8, 8)]),
    "non-square": dict(
        model=ViTForImageClassification, target=2, sizes=[(12, 20), (12, 20)],
        config=shape(2, 2, 18, 25, [12, 20], 4, hidden_act="gelu_new", layer_norm_eps=1e-5, qkv_bias=False,
                     num_labels=3, id2label={0: "cat", 1: "dog", 2: "fish"},
                     label2id={"cat": 0, "dog": 1, "fish": 2})),
    "rectangular-patches": dict(model=ViTForImageClassification, target=0, sizes=[(9, 14)],  # the last row is not seen
                                config=shape(1, 3, 21, 33, [9, 14], [4, 2], hidden_act="relu", layer_norm_eps=1e-2)),
    "interpolated": dict(model=ViTForImageClassification, target=3, sizes=[(12, 12), (20, 12), (17, 25), (4, 8)],
                         config=shape(2, 4, 20, 37, 12, 4, num_labels=5)),
    "distilled": dict(model=DeiTForImageClassification, target=1, sizes=[(8, 8), (8, 16)],
                      config=shape(3, 2, 14, 23, 8, 4, hidden_act="gelu_pytorch_tanh")),
    "distilled-with-teacher": dict(model=DeiTForImageClassificationWithTeacher, target=2, sizes=[(8, 8), (12, 4)],
                                   config=shape(2, 2, 10, 15, 8, 4, num_labels=4)),
    "stored-f16": dict(model=ViTForImageClassification, target=1, sizes=[(8, 8)], dtype=torch.float16,
                       layout="no-prefix", config=shape(2, 2, 10, 15, 8, 4)),
    "multi-label": dict(model=ViTForImageClassification, target=0, sizes=[(8, 8)], dtype=torch.bfloat16,
                        config=shape(1, 2, 8, 12, 8, 8, num_labels=3, problem_type="multi_label_classification")),
}


def random_model(kind, config, seed, dtype):
    """Weights ~ N(0, 0.3), LayerNorm's ~ 1 + N(0, 0.3), so that no gradient is tiny; rounded to `dtype`."""
    random = np.random.default_rng([seed, 7])  # NumPy's stream, as torch's depends on the processor
    configuration = ViTConfig if kind is ViTForImageClassification else DeiTConfig
    model = kind(configuration(**config, attn_implementation="eager"))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            values = 0.3 * random.standard_normal(tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(values + (1.0 if "layernorm" in name and "weight" in name else 0.0)))
    return model.to(dtype)


def save_checkpoint(model, folder, layout):
    model.save_pretrained(folder)
    if layout == "standard":
        return
    path = folder / "model.safetensors"  # as the bare encoder is saved, with what other tasks leave
    width = model.config.hidden_size
    tensors = {name.removeprefix("vit."): tensor for name, tensor in load_file(path).items()}
    tensors |= {"pooler.dense.weight": torch.zeros(width, width), "pooler.dense.bias": torch.zeros(width),
                "embeddings.mask_token": torch.zeros(1, 1, width)}
    save_file(tensors, path, metadata={"format": "pt"})


# ---- what transformers and autograd say ----


def load(kind, folder):
    """The stored weights, widened to float64; eager attention, no dropout."""
    model = kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    assert all(tensor.dtype == torch.float64 for tensor in model.state_dict().values())
    return model


def trained_size(config):
    size = config.image_size
    return tuple(size) if isinstance(size, (list, tuple)) else (size, size)


def run(model, pixels):
    interpolate = tuple(pixels.shape[-2:]) != trained_size(model.config)
    return model(pixels, output_attentions=True, output_hidden_states=True, interpolate_pos_encoding=interpolate)


def explain(model, pixels, target):
    """Logits, attention, hidden states, and the gradients of logit `target` with respect to them, as float64."""
    pixels = pixels.detach().clone().requires_grad_()
    out = run(model, pixels[None])
    inner = [pixels, *out.attentions, *out.hidden_states]
    gradients = torch.autograd.grad(out.logits[0, target], inner)
    layers = model.config.num_hidden_layers
    assert len(out.attentions) == layers and len(out.hidden_states) == layers + 1
    found = {"logits": out.logits[0], "pixel_gradient": gradients[0]}
    for l in range(layers):
        found[f"attention/{l}"] = out.attentions[l][0]
        found[f"attention_gradient/{l}"] = gradients[1 + l][0]
    for l in range(layers + 1):
        found[f"hidden/{l}"] = out.hidden_states[l][0]
        found[f"hidden_gradient/{l}"] = gradients[1 + layers + l][0]
    assert all(tensor.dtype == torch.float64 for tensor in found.values())
    return {name: tensor.detach().contiguous().clone() for name, tensor in found.items()}


def check(model, pixels, target, found, random, step=1e-5):
    """The largest relative error of the pixel gradient against central differences, at its largest entry and 4 more."""
    gradient = found["pixel_gradient"].numpy().ravel()
    error = 0.0
    for entry in [int(np.abs(gradient).argmax()), *random.integers(0, gradient.size, 4).tolist()]:
        logit = []
        for sign in (1, -1):
            moved = pixels.clone()
            moved.view(-1)[entry] += sign * step
            with torch.no_grad():
                logit.append(float(run(model, moved[None]).logits[0, target]))
        error = max(error, abs((logit[0] - logit[1]) / (2 * step) - gradient[entry]) / np.abs(gradient).max())
    assert error < 1e-7, error
    return error


def make_random(name, seed, model, config, target, sizes, dtype=torch.float32, layout="standard"):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    save_checkpoint(random_model(model, config, seed, dtype), folder, layout)
    loaded = load(model, folder)  # as transformers reads what was written
    random, expected, errors = np.random.default_rng([seed, 8]), {}, []
    for i, (height, width) in enumerate(sizes):
        pixels = torch.from_numpy(random.standard_normal((3, height, width)))
        found = explain(loaded, pixels, target)
        errors.append(check(loaded, pixels, target, found, random))
        expected |= {f"{i}/{key}": tensor for key, tensor in found.items()} | {f"{i}/pixels": pixels}
    save_file(expected, folder / "expected.safetensors")
    (folder / "inputs.json").write_text(json.dumps(dict(target=target, sizes=sizes)) + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{name}: pixel gradient within {max(errors):.1e} of central differences, {size} bytes")


def make_bundled(models):
    """Logits of random images, and of the first one what the class token sees and sends back."""
    folder = HERE / BUNDLED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = load(ViTForImageClassification, models / BUNDLED)
    random, expected, target = np.random.default_rng(9), {}, 3
    for i in range(8):
        pixels = torch.from_numpy(np.round(random.uniform(0, 255, (3, 32, 32))) / 127.5 - 1)
        found = explain(model, pixels, target)
        check(model, pixels, target, found, random)
        expected |= {f"{i}/pixels": pixels, f"{i}/logits": found["logits"]}
        if i == 0:
            expected |= {f"{i}/{key}": found[key][:, 0].contiguous() if "attention" in key else found[key][0].clone()
                         for key in found if "attention" in key or "hidden" in key}
    save_file(expected, folder / "expected.safetensors")
    (folder / "inputs.json").write_text(json.dumps(dict(target=target, sizes=[[32, 32]] * 8)) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=HERE / "../../../examples/models",
                        help="folder that holds vit-small-cifar10 (default: the repository's examples/models)")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    for seed, (name, settings) in enumerate(CHECKPOINTS.items()):
        make_random(name, seed, **settings)
    make_bundled(arguments.models)
