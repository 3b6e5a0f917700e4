# SPDX-License-Identifier: MIT
"""Writes the golden files of tests/checkpoint beside this script.

mixed.safetensors  tensors of many types, by the Python package safetensors
sharded/           a tiny BERT classifier, by transformers' save_pretrained with a small max_shard_size
expected.json      what Python reads back from both, the defaults of BertConfig, and the versions used

    pip install safetensors torch transformers
    python make.py
"""
import json
import math
import shutil
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file

HERE = Path(__file__).parent


def write_mixed():
    values = [0.0, -0.0, 1.0, -2.5, 0.1, 65504.0, 6e-8, 1e-5, math.inf, -math.inf, math.nan, 1 / 3]
    row = torch.tensor(values, dtype=torch.float64)
    tensors = {
        "double": row.reshape(3, 4),
        "float": row.float().reshape(4, 3),
        "half": row.half().reshape(2, 6),
        "brain": row.bfloat16().reshape(6, 2),
        "odd_half": row.half()[:5].clone(),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "ids": torch.arange(4),
        "mask": torch.tensor([True, False, True]),
    }
    save_file(tensors, HERE / "mixed.safetensors", metadata={"format": "pt", "note": "Größe"})


def write_sharded():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=12, hidden_act="gelu_new", layer_norm_eps=1e-6, num_labels=3,
        id2label={0: "no", 1: "maybe", 2: "yes"}, label2id={"no": 0, "maybe": 1, "yes": 2},
        problem_type="multi_label_classification")
    model = transformers.BertForSequenceClassification(config)
    with torch.no_grad():  # biases and layer norms that are not all zeros or ones
        for parameter in model.parameters():
            parameter.normal_(0, 0.1)
    folder = HERE / "sharded"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, max_shard_size="4KB")


def number(value):
    return value if math.isfinite(value) else str(value)


def read_mixed():
    with safe_open(HERE / "mixed.safetensors", framework="pt") as file:
        read = {name: file.get_tensor(name) for name in file.keys()}
        return file.metadata(), {
            name: {"shape": list(tensor.shape), "values": [number(v) for v in tensor.double().flatten().tolist()]}
            for name, tensor in sorted(read.items())}


def read_sharded():
    """Shape and position-weighted sum (modulo 2^64) of the float bit patterns of every tensor."""
    result = {}
    for path in sorted((HERE / "sharded").glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():
                tensor = file.get_tensor(name)
                bits = [b & 0xFFFFFFFF for b in tensor.contiguous().view(torch.int32).flatten().tolist()]
                checksum = sum((i + 1) * b for i, b in enumerate(bits)) % 2**64
                result[name] = {"shape": list(tensor.shape), "checksum": checksum}
    return dict(sorted(result.items()))


def main():
    write_mixed()
    write_sharded()
    metadata, mixed = read_mixed()
    defaults = transformers.BertConfig()
    keys = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
            "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id", "num_labels"]
    expected = {
        "versions": {"safetensors": safetensors.__version__, "torch": torch.__version__,
                     "transformers": transformers.__version__},
        "metadata": metadata,
        "mixed": mixed,
        "sharded": read_sharded(),
        "defaults": {key: getattr(defaults, key) for key in keys} | {"labels": list(defaults.id2label.values())},
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
