#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes self_test.json into a checkpoint folder: a few inputs with what transformers computes from them in float64, by
which regard::self_test (include/regard/models/self_test.hpp, where the format is described) checks that it computes the
same, and names the first layer that differs.

usage: python3 write_self_test.py FOLDER [--text TEXT]... [--pair TEXT TEXT]... [--image FILE]...

Without inputs of your own it takes texts, or images of the size the model was trained on, that exercise every layer.
Needs torch, transformers and Pillow; made and tested with torch 2.15, transformers 5.23 and Pillow 13."""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the folder has all that is needed

import numpy as np
import torch
import transformers
from transformers import (AutoConfig, AutoTokenizer, BertForSequenceClassification, DeiTForImageClassification,
                          DeiTForImageClassificationWithTeacher, ViTForImageClassification)

TEXTS = ["a gripping , funny film", "It isn't bad - it's WORSE: dull, caf\u00e9-table \"drama\" (118 minutes!) ...", "no"]
PAIR = ["the plot is thin", "but who cares ?"]
MODELS = {model.__name__: model for model in (BertForSequenceClassification, ViTForImageClassification,
                                               DeiTForImageClassification, DeiTForImageClassificationWithTeacher)}


def sums(tensor):
    """Of all numbers x_i: their sum, the sum of |x_i|, and the sum of w_i x_i with w_i = frac(2654435761 i / 2^32) - 1/2,
    which tells numbers in another order."""
    x = tensor.detach().double().numpy().ravel()
    weights = (np.arange(x.size, dtype=np.uint64) * 2654435761 % 2**32) / 2.0**32 - 0.5
    return [float(x.sum()), float(np.abs(x).sum()), float(weights @ x)]


def results(out):
    return {"layers": [sums(hidden[0]) for hidden in out.hidden_states], "logits": out.logits[0].tolist()}


def text_sample(model, tokenizer, texts):
    inputs = tokenizer(*texts, return_tensors="pt", truncation="longest_first",
                       max_length=min(tokenizer.model_max_length, model.config.max_position_embeddings))
    sample = {"text": texts[0]} | ({"pair": texts[1]} if len(texts) > 1 else {})
    return sample | {"tokens": inputs["input_ids"][0].tolist()} | results(model(**inputs, output_hidden_states=True))


def image_sample(model, processor, pixels):
    height, width, _ = pixels.shape
    values = processor(pixels, return_tensors="pt")["pixel_values"].double()
    sample = {"image": {"height": height, "width": width, "rgb": pixels.tobytes().hex()}, "pixels": sums(values)}
    return sample | results(model(values, output_hidden_states=True))


def pattern(height, width, seed):
    """Gradients, stripes and noise."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(-30, 31, (height, width, 3))
    channels = [255 * x / max(1, width - 1), 255 * y / max(1, height - 1), np.where((x * 3 + y * 5) % 17 < 8, 220, 30)]
    return np.ascontiguousarray(np.clip(np.roll(np.stack(channels, -1), seed, -1) + noise, 0, 255).astype(np.uint8))


def image_processor(folder):
    # The image processor that resizes with Pillow, as the models were trained; the other one differs by a level.
    from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
    stated = json.loads((folder / "preprocessor_config.json").read_text())
    deit = "DeiT" in stated.get("image_processor_type", stated.get("feature_extractor_type", ""))
    return (DeiTImageProcessorPil if deit else ViTImageProcessorPil).from_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--text", action="append", default=[])
    parser.add_argument("--pair", action="append", default=[], nargs=2)
    parser.add_argument("--image", action="append", default=[], type=Path, help="an image file; keep it small")
    arguments = parser.parse_args()
    folder = arguments.folder
    name = (AutoConfig.from_pretrained(folder).architectures or ["none"])[0]
    if name not in MODELS:
        sys.exit(f"{folder / 'config.json'}: architectures: found {name}, expected one of {', '.join(MODELS)}")
    # "eager" would round the softmax to float32.
    model = MODELS[name].from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").eval()
    is_text = name.startswith("Bert")
    if is_text and arguments.image or not is_text and (arguments.text or arguments.pair):
        sys.exit(f"{name} takes {'texts' if is_text else 'images'} alone")
    with torch.no_grad():
        if is_text:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            texts = [[text] for text in arguments.text] + arguments.pair or [[text] for text in TEXTS] + [PAIR]
            samples = [text_sample(model, tokenizer, text) for text in texts]
        else:
            from PIL import Image, ImageOps
            processor = image_processor(folder)
            size = model.config.image_size
            height, width = size if isinstance(size, (list, tuple)) else (size, size)
            images = [np.array(ImageOps.exif_transpose(Image.open(path)).convert("RGB")) for path in arguments.image]
            samples = [image_sample(model, processor, image)
                       for image in images or [pattern(height, width, seed) for seed in range(2)]]
    made = f"write_self_test.py, torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, float64"
    lines = ",\n  ".join(json.dumps(sample) for sample in samples)
    path = folder / "self_test.json"
    path.with_suffix(".tmp").write_text(
        f'{{"format": "regard self-test", "version": 1, "made_with": {json.dumps(made)}, "samples": [\n  {lines}\n]}}\n')
    path.with_suffix(".tmp").replace(path)
    print(f"{path}: {len(samples)} samples, {path.stat().st_size} bytes")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    main()
