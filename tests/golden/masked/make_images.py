#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the bundled image model says of pictures with hidden patches, from transformers in double: images.json beside
this script.

usage: python3 make_images.py    # versions as in ../image/requirements.txt and ../vit/requirements.txt, scipy 1.17.1"""

import json
import os
import random
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers.models.vit.modeling_vit as modeling_vit
from PIL import Image
from scipy.ndimage import gaussian_filter
from transformers import ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "../../../examples/models/vit-small-cifar10"
SIDE, PATCH = 8, 4


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """transformers' eager attention, but for its cast of the softmax to float32."""
    weights = torch.softmax(query @ key.transpose(2, 3) * (scaling or query.size(-1) ** -0.5), dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


modeling_vit.eager_attention_forward = attention
model = ViTForImageClassification.from_pretrained(FOLDER, dtype=torch.float64, attn_implementation="eager").eval()
processor = ViTImageProcessorPil.from_pretrained(FOLDER)


@torch.no_grad()
def logits(pixels, shown=None):
    """`shown`: the patches that exist."""
    rows = model.vit.embeddings(torch.from_numpy(pixels)[None])
    if shown is not None:
        rows = rows[:, [0] + [1 + p for p in shown]]
    for layer in model.vit.layers if hasattr(model.vit, "layers") else model.vit.encoder.layer:
        out = layer(rows)
        rows = out[0] if isinstance(out, tuple) else out
    return model.classifier(model.vit.layernorm(rows)[:, 0])[0].tolist()


def blurred(pixels, sigma):
    def both(plane):
        return gaussian_filter(plane, sigma, mode="constant", truncate=4)
    return np.stack([both(plane) / both(np.ones_like(plane)) for plane in pixels])


def mix(pixels, hidden, shown):
    mask = np.zeros((SIDE, SIDE), bool)
    mask.flat[shown] = True
    return np.where(mask.repeat(PATCH, 0).repeat(PATCH, 1)[None], pixels, hidden)


if __name__ == "__main__":
    random.seed(3)
    cases = []
    for name in ("sharp.jpg", "color8.png"):
        image = Image.open(HERE / "../image/files" / name).convert("RGB")
        pixels = np.asarray(processor(image)["pixel_values"][0], np.float64)
        with torch.no_grad():
            whole = model(torch.from_numpy(pixels)[None]).logits[0].tolist()
        assert np.abs(np.array(logits(pixels)) - whole).max() < 1e-12
        everything = range(SIDE * SIDE)
        for shown in ([], list(everything), *(sorted(random.sample(everything, random.randint(1, 60))) for _ in range(4))):
            mean = np.broadcast_to(pixels.mean((1, 2), keepdims=True), pixels.shape)
            cases.append(dict(image=name, coalition=shown, drop=logits(pixels, shown), zero=logits(mix(pixels, 0, shown)),
                              mean=logits(mix(pixels, mean, shown)), blur=logits(mix(pixels, blurred(pixels, PATCH), shown))))
    (HERE / "images.json").write_text(json.dumps(dict(cases=cases)) + "\n")
