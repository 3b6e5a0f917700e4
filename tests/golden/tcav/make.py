#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CAVs of scikit-learn and TCAV of PyTorch on the bundled models, in double: text.json, images.json and the
.safetensors of the same names beside this script.

usage: python3 make.py    # versions: requirements.txt"""

import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers.models.vit.modeling_vit as modeling_vit
from PIL import Image
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC
from transformers import AutoTokenizer, BertForSequenceClassification, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "../../../examples"

# Written for this project. `odd` and `even` are not meant to differ: a probe can tell them apart but weakly.
SENTENCES = {
    "praise": ["a wonderful, moving film", "the cast is superb", "I laughed and I cried: brilliant", "charming from start to finish",
               "a triumph of quiet storytelling", "the best thing I have seen this year", "warm, witty and wise"],
    "blame": ["a dull and tedious mess", "the cast is wasted", "I yawned and I sighed: awful", "boring from start to finish",
              "a failure of lazy storytelling", "the worst thing I have seen this year", "cold, clumsy and crude"],
    "odd": ["the train leaves at nine", "she bought two loaves of bread", "rain is expected in the north",
            "the museum is closed on mondays", "he painted the fence green"],
    "even": ["the bus arrives at noon", "they sold three crates of apples", "snow fell in the valley",
             "the library opens on fridays", "we washed the windows twice", "a dog sleeps under the table"],
}
PAIRS = [("praise", "blame"), ("odd", "even")]
TARGETS = ["Wonderful!", "a quietly moving story", "The plot is a tedious, joyless mess.", "boring", "not bad at all",
           "An unbelievably charming café comedy; naïve, but never dull.", "it never finds its feet, and neither do we",
           "two hours of noise", "see it twice", "the leads are fine; the script is not", "a gripping thriller", "why?"]

# Real pictures, shifted around their edges: `left` and `right` are shifts of the same two.
PICTURES = {
    "animals": [("horse", dy, 0) for dy in (0, 3, 9)] + [("frog", 0, dx) for dx in (0, 5, 11)],
    "vehicles": [("ship", dy, 0) for dy in (0, 3, 9)] + [("truck", 0, dx) for dx in (0, 5, 11)],
    "left": [("horse", 0, dx) for dx in (1, 2, 3, 4)] + [("truck", 0, dx) for dx in (1, 2, 3, 4)],
    "right": [("horse", 0, dx) for dx in (28, 29, 30, 31)] + [("truck", 0, dx) for dx in (28, 29, 30, 31)],
}
PICTURE_PAIRS = [("animals", "vehicles"), ("left", "right")]
PICTURE_TARGETS = [(name, dy, dx) for name in ("airplane", "frog", "horse", "ship", "truck") for dy, dx in ((0, 0), (2, 7))]


def attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """transformers' eager attention, but for its cast of the softmax to float32."""
    weights = torch.softmax(query @ key.transpose(2, 3) * (scaling or query.size(-1) ** -0.5), dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


modeling_vit.eager_attention_forward = attention


def probes(positives, negatives):
    """Unit vectors and training accuracy of the logistic probe."""
    rows, labels = np.concatenate([positives, negatives]), np.r_[np.ones(len(positives)), -np.ones(len(negatives))]
    logistic = LogisticRegression(C=1, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(rows, labels)
    # liblinear penalises the intercept; scaled by 100, hardly. It wants centred rows to converge.
    centre = rows.mean(0)
    svm = LinearSVC(C=1, loss="squared_hinge", dual=False, tol=1e-12, max_iter=1000000, intercept_scaling=100).fit(rows - centre, labels)
    found = dict(logistic=logistic.coef_[0], ridge=Ridge(alpha=1, solver="cholesky").fit(rows, labels).coef_, svm=svm.coef_[0],
                 pattern=positives.mean(0) - negatives.mean(0))
    return {name: w / np.linalg.norm(w) for name, w in found.items()}, logistic.score(rows, labels)


def study(run, sets, pairs, targets, target_class):
    """`run(input)`: logits [classes], the blocks' hidden states [1, tokens, width] and attention [heads, tokens, tokens]."""
    tensors, result = {}, dict(target=target_class, pairs=pairs, accuracy={}, scores={})
    with torch.no_grad():
        hidden = {name: [np.concatenate(states) for states in zip(*([h[0].numpy() for h in run(i)[1]] for i in inputs))]
                  for name, inputs in sets.items()}
    layers = len(next(iter(hidden.values())))
    for pair in pairs:
        for layer in range(layers):
            vectors, accuracy = probes(hidden[pair[0]][layer], hidden[pair[1]][layer])
            result["accuracy"][f"{pair[0]}/{layer}"] = accuracy
            for probe, vector in vectors.items():
                tensors[f"cav/{probe}/{pair[0]}/{layer}"] = vector

    modes = ("token", "next-layer", "mean", "cls")
    positive = {}
    for index, one in enumerate(targets):
        logits, states, maps = run(one)
        gradients = torch.autograd.grad(logits[target_class], states)
        for pair in pairs:
            for layer in range(layers):
                v = torch.from_numpy(tensors[f"cav/logistic/{pair[0]}/{layer}"])
                s = gradients[layer][0] @ v
                tokens = len(s)
                first = torch.eye(tokens, dtype=torch.float64)[0]
                weights = {"token": maps[layer][:, 0].mean(0), "mean": torch.full((tokens,), 1 / tokens, dtype=torch.float64), "cls": first,
                           "next-layer": maps[layer + 1][:, 0].mean(0) if layer + 1 < layers else first}
                for mode in modes:
                    a = weights[mode]
                    q = (a * s * a.norm() / s.norm()).detach()
                    # A sum that is rounding error has no sign.
                    assert abs(float((a * s).sum().detach())) > 1e-9 * float((a * s).abs().sum().detach())
                    positive.setdefault(f"{mode}/{pair[0]}/{layer}", []).append(float(q.mean()) > 0)
                    if mode in ("token", "next-layer") and index < 3:
                        tensors[f"map/{mode}/{pair[0]}/{layer}/{index}"] = q.numpy()
    result["scores"] = {key: sum(values) / len(values) for key, values in positive.items()}
    return result, tensors


def text():
    folder = EXAMPLES / "models/bert-tiny-sst2"
    model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def run(sentence):
        out = model(**tokenizer(sentence, return_tensors="pt"), output_hidden_states=True, output_attentions=True)
        return out.logits[0], list(out.hidden_states[1:]), [a[0] for a in out.attentions]

    result, tensors = study(run, SENTENCES, PAIRS, TARGETS, 1)
    return dict(sets=SENTENCES, targets=TARGETS, **result), tensors


def images():
    folder = EXAMPLES / "models/vit-small-cifar10"
    model = ViTForImageClassification.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    processor = ViTImageProcessorPil.from_pretrained(folder)

    def run(picture):
        name, dy, dx = picture
        image = np.roll(np.asarray(Image.open(EXAMPLES / "images" / f"{name}.png").convert("RGB")), (dy, dx), (0, 1))
        pixels = torch.from_numpy(np.asarray(processor(Image.fromarray(image))["pixel_values"][0], np.float64))[None]
        rows, states, maps = model.vit.embeddings(pixels), [], []
        handles = [layer.attention.register_forward_hook(lambda m, i, o: maps.append(o[1][0])) for layer in blocks(model)]
        for layer in blocks(model):
            out = layer(rows)
            rows = out[0] if isinstance(out, tuple) else out
            states.append(rows)
        for handle in handles:
            handle.remove()
        logits = model.classifier(model.vit.layernorm(rows)[:, 0])[0]
        assert (logits - model(pixels).logits[0]).abs().max() < 1e-12
        return logits, states, maps

    result, tensors = study(run, PICTURES, PICTURE_PAIRS, PICTURE_TARGETS, 8)
    return dict(sets=PICTURES, targets=PICTURE_TARGETS, **result), tensors


def blocks(model):
    return model.vit.layers if hasattr(model.vit, "layers") else model.vit.encoder.layer


if __name__ == "__main__":
    for name, make in (("text", text), ("images", images)):
        torch.manual_seed(0)
        result, tensors = make()
        (HERE / f"{name}.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, HERE / f"{name}.safetensors")
        print(name, result["accuracy"], result["scores"])
