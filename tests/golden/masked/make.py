"""What the bundled model says of masked inputs, from transformers in double: masked.json beside this script.

    python3 make.py    # versions as in ../bert/requirements.txt; reads ../../../examples/models/bert-tiny-sst2
"""
import json
import math
import os
import random

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import BertForSequenceClassification, BertTokenizer

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "../../../examples/models/bert-tiny-sst2")
tokenizer = BertTokenizer.from_pretrained(folder)
model = BertForSequenceClassification.from_pretrained(folder, attn_implementation="eager").double().eval()


@torch.no_grad()
def logits(ids, attention, positions):
    return model(input_ids=torch.tensor([ids]), attention_mask=torch.tensor([attention]),
                 position_ids=torch.tensor([positions])).logits[0].tolist()


random.seed(7)
cases = []
for text in ["A gripping, funny and beautifully acted film.", "Unwatchable"]:
    ids = tokenizer(text)["input_ids"]
    n = len(ids) - 2
    members = [[], list(range(n))] + [sorted(random.sample(range(n), random.randint(1, n))) for _ in range(6)]
    for coalition in members:
        shown = [t in (0, n + 1) or t - 1 in coalition for t in range(n + 2)]
        rest = [i for i, s in zip(ids, shown) if s]
        everywhere = list(range(n + 2))
        cases.append({
            "text": text, "coalition": coalition,
            "mask": logits([i if s else tokenizer.mask_token_id for i, s in zip(ids, shown)], [1] * (n + 2), everywhere),
            "drop": logits(ids, [int(s) for s in shown], everywhere),
            "delete": logits(rest, [1] * len(rest), list(range(len(rest))))})
# Shapley-Input by the definition: p of the predicted class, all coalitions.
shapley = []
for text in ["A gripping, funny film", "not bad"]:
    ids = tokenizer(text)["input_ids"]
    n = len(ids) - 2
    target = max(range(2), key=lambda c: logits(ids, [1] * (n + 2), list(range(n + 2)))[c])

    def value(coalition):
        shown = [t in (0, n + 1) or coalition >> (t - 1) & 1 for t in range(n + 2)]
        out = logits([i if s else tokenizer.mask_token_id for i, s in zip(ids, shown)], [1] * (n + 2), list(range(n + 2)))
        return torch.softmax(torch.tensor(out, dtype=torch.float64), 0)[target].item()

    table = [value(s) for s in range(2 ** n)]
    phi = [sum((table[s | 1 << i] - table[s]) / (n * math.comb(n - 1, bin(s).count("1")))
               for s in range(2 ** n) if not s >> i & 1) for i in range(n)]
    shapley.append({"text": text, "target": target, "values": phi, "value_empty": table[0], "value_full": table[-1]})
json.dump({"cases": cases, "shapley": shapley}, open(os.path.join(here, "masked.json"), "w"), indent=1)
