#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares this library with Pillow and transformers on real pictures: photos of any size (bytes after decoding and
resizing; logits of the bundled model and of a random one at 224 x 224) and CIFAR-10 test images (logits, accuracy,
attention and gradients of the bundled model). Everything in double. Versions: tests/golden/vit/requirements.txt and
Pillow 13.

usage: python3 images.py PROGRAM --photos FOLDER... --cifar TEST.BIN
       PROGRAM is the target image_values"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers.models.vit.modeling_vit as modeling_vit
from PIL import Image, ImageOps
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
from transformers.utils import logging

BUNDLED = Path(__file__).resolve().parents[2] / "examples/models/vit-small-cifar10"


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """transformers' eager attention, but for its cast of the softmax to float32."""
    weights = torch.softmax(query @ key.transpose(2, 3) * (scaling or query.size(-1) ** -0.5), dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


modeling_vit.eager_attention_forward = attention


def load(folder):
    return ViTForImageClassification.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()


def random_model(folder):
    torch.manual_seed(5)
    config = ViTConfig(hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=96, num_labels=7)
    model = ViTForImageClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    ViTImageProcessorPil().save_pretrained(folder)


def read(path, shape, kind=np.float64):
    return np.fromfile(path, kind).reshape(shape)


def relative(found, expected):
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def photos(program, files, folder):
    model, processor = load(folder), ViTImageProcessorPil.from_pretrained(folder)
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([program, "photos", folder, out, *files], check=True, stdout=subprocess.DEVNULL)
        worst, sizes, different = 0.0, set(), []
        for i, file in enumerate(files):
            image = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
            sizes.add(image.size)
            same = np.array_equal(np.fromfile(f"{out}/{i}.decoded", np.uint8), np.asarray(image).ravel())
            for name, number in (("bilinear", 2), ("bicubic", 3)):
                same &= np.array_equal(read(f"{out}/{i}.{name}", (224, 224, 3), np.uint8), np.asarray(image.resize((224, 224), number)))
            if not same:
                different.append(file)
            pixels = torch.from_numpy(np.asarray(processor(image)["pixel_values"])).double()
            with torch.no_grad():
                logits = model(pixels).logits[0].numpy()
            worst = max(worst, float(np.abs(np.fromfile(f"{out}/{i}.logits") - logits).max()))
    print(f"{folder}: {len(files)} photos of {len(sizes)} sizes, {len(different)} with other bytes, logits within {worst:.1e}")
    return not different and worst < 1e-4


def cifar(program, file, records=2000, recorded=50):
    data = np.fromfile(file, np.uint8).reshape(-1, 3073)[:records]
    model, processor = load(BUNDLED), ViTImageProcessorPil.from_pretrained(BUNDLED)
    images = [Image.fromarray(planes.reshape(3, 32, 32).transpose(1, 2, 0)) for planes in data[:, 1:]]
    labels, pixels = data[:, 0], torch.from_numpy(np.asarray(processor(images)["pixel_values"])).double()
    with torch.no_grad():
        logits = torch.cat([model(part).logits for part in pixels.split(100)]).numpy()
    worst = {}
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([program, "cifar", BUNDLED, out, file, str(records), str(recorded)], check=True)
        ours = read(f"{out}/logits", (records, 10))
        worst["logits"] = relative(ours, logits)
        for i in range(recorded):
            run = model(pixels[i:i + 1].clone().requires_grad_(), output_attentions=True, output_hidden_states=True)
            inner = [*run.attentions, *run.hidden_states]
            gradients = torch.autograd.grad(run.logits[0, int(labels[i])], inner)
            layers = len(run.attentions)
            for name, values in (("attention", run.attentions), ("attention_gradient", gradients[:layers]),
                                 ("hidden", run.hidden_states), ("hidden_gradient", gradients[layers:])):
                expected = torch.cat(list(values)).detach().numpy()
                worst[name] = max(worst.get(name, 0), relative(read(f"{out}/{i}.{name}", expected.shape), expected))
    hits = [int((found.argmax(1) == labels).sum()) for found in (ours, logits)]
    print(f"{records} CIFAR-10 test images: {hits[0]} right, transformers {hits[1]}; same class for "
          f"{int((ours.argmax(1) == logits.argmax(1)).sum())}")
    print(f"relative errors, attention and gradients over {recorded}: " + ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))
    return hits[0] == hits[1] and max(worst.values()) < 1e-10


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--photos", type=Path, nargs="+", default=[])
    parser.add_argument("--cifar", type=Path)
    arguments = parser.parse_args()
    logging.disable_progress_bar()
    good = True
    if arguments.photos:
        files = sorted(str(path) for folder in arguments.photos for path in folder.iterdir()
                       if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        with tempfile.TemporaryDirectory() as folder:
            random_model(folder)
            good = photos(arguments.program, files, folder) and photos(arguments.program, files, str(BUNDLED))
    if arguments.cifar:
        good = cifar(arguments.program, arguments.cifar) and good
    raise SystemExit(not good)
