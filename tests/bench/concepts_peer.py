#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same TTCAV job by `concepts` and by PyTorch + scikit-learn, in turn: seconds, processor time, peak memory,
and whether the scores agree, resample by resample. Versions: tests/golden/tcav/requirements.txt.

usage: python3 concepts_peer.py PROGRAM CONCEPT_FOLDER... --inputs FOLDER --target CLASS

PROGRAM is examples/concepts of a Release build. The job is that of `concepts --concept .. --inputs .. --target ..`: scores
of every concept in every block with 50 relative CAVs each. (The program also fits a second, split probe for each of them, for its
accuracy; the others do not.) The others draw the same negatives as the program, so that all fits are the same problems:

  authors  as the public code of arXiv 2508.08966 does: the activations of the positives and negatives are computed anew for every
           CAV (in one pass for all blocks, which is kinder than a pass for each), and LogisticRegression(max_iter=1000), which is lbfgs, fits it; it
           does not converge on these rows, so that its scores differ
  well     all activations once; LogisticRegression(solver="newton-cholesky"), the faster one here, in double

Both take gradients of a batch of inputs in one backward pass. Of the CAVs they do the first few of each concept and block
(--authors 1, --well 10; 50 does all of them), and what depends on their number is scaled to all. Each variant runs in a process of its own."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLED = Path(__file__).resolve().parents[2] / "examples/models/vit-small-cifar10"
MASK = 2**64 - 1


class RandomStream:
    """regard::RandomStream: xoshiro256** keyed by seed and item."""

    GOLDEN = 0x9E3779B97F4A7C15

    def __init__(self, seed, item):
        key = self.mix((seed + self.GOLDEN) & MASK) ^ self.mix(self.mix((item + 2 * self.GOLDEN) & MASK))
        self.state = []
        for _ in range(4):
            key = (key + self.GOLDEN) & MASK
            self.state.append(self.mix(key))

    @staticmethod
    def mix(x):
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        return x ^ (x >> 31)

    @staticmethod
    def rotate(x, by):
        return ((x << by) | (x >> (64 - by))) & MASK

    def __call__(self):
        s = self.state
        result = (self.rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = self.rotate(s[3], 45)
        return result

    def below(self, bound):
        reject = (-bound & MASK) % bound
        bits = self()
        while bits < reject:
            bits = self()
        return bits % bound


def negatives(others, count, seed, name, resample):
    """The program's draw: `count` of `others` without replacement."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = ((key ^ byte) * 0x100000001B3) & MASK
    random, others = RandomStream((seed + key) & MASK, resample), list(others)
    for i in range(min(count, len(others))):
        k = i + random.below(len(others) - i)
        others[i], others[k] = others[k], others[i]
    return sorted(others[:count])


def images(folder):
    return sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))


def peer(arguments, variant):
    """Runs one variant; a dictionary of seconds and scores."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import numpy as np
    import torch
    from PIL import Image, ImageOps
    from sklearn.linear_model import LogisticRegression
    from transformers import ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    torch.set_num_threads(arguments.threads)
    begin = time.perf_counter()
    model = ViTForImageClassification.from_pretrained(arguments.model, dtype=torch.float32, attn_implementation="eager").eval()
    processor = ViTImageProcessorPil.from_pretrained(arguments.model)
    blocks = model.vit.layers if hasattr(model.vit, "layers") else model.vit.encoder.layer

    def pixels(files):
        opened = [ImageOps.exif_transpose(Image.open(file)).convert("RGB") for file in files]
        return torch.from_numpy(np.stack([np.asarray(processor(image)["pixel_values"][0], np.float32) for image in opened]))

    def states(batch):
        """Hidden states of every block, as a list of [inputs, tokens, width], and the class token's attention, [inputs, tokens]."""
        kept, rows = [], []
        handles = [b.register_forward_hook(lambda m, i, o: kept.append(o[0] if isinstance(o, tuple) else o)) for b in blocks]
        handles += [b.attention.register_forward_hook(lambda m, i, o: rows.append(o[1][:, :, 0].mean(1))) for b in blocks]
        logits = model(batch, output_attentions=True).logits
        for handle in handles:
            handle.remove()
        return logits, kept, rows

    # Pooled gradients of the inputs, [layer][input, width].
    target = [model.config.id2label[i] for i in range(model.config.num_labels)].index(arguments.target)
    pooled = [[] for _ in blocks]
    inputs = pixels(images(arguments.inputs))
    for batch in inputs.split(25):
        logits, kept, rows = states(batch)
        for layer, gradient in enumerate(torch.autograd.grad(logits[:, target].sum(), kept)):
            pooled[layer].append((rows[layer][:, :, None] * gradient).sum(1).detach().double().numpy())
    pooled = [np.concatenate(parts) for parts in pooled]

    names = sorted(Path(folder).name for folder in arguments.concepts)
    folders = {Path(folder).name: folder for folder in arguments.concepts}
    sets = {name: pixels(images(folders[name])) for name in names}
    everything, begins = torch.cat([sets[name] for name in names]), {}
    for name in names:
        begins[name] = sum(len(sets[n]) for n in names[: names.index(name)])

    @torch.no_grad()
    def activations(which):
        parts = [states(batch)[1] for batch in everything[which].split(60)]
        return [torch.cat(layer).numpy() for layer in zip(*parts)]  # [layer][inputs, tokens, width]

    if variant == "well":
        hidden = activations(list(range(len(everything))))
    fixed, fixed_cpu = time.perf_counter() - begin, time.process_time()

    begin, scores = time.perf_counter(), {}
    count = min(arguments.authors if variant == "authors" else arguments.well, arguments.cavs)
    for name in names:
        own = list(range(begins[name], begins[name] + len(sets[name])))
        others = [i for i in range(len(everything)) if i not in set(own)]
        for resample in range(count):
            drawn = negatives(others, len(own), arguments.seed, name, resample)
            if variant == "authors":
                positive, negative = activations(own), activations(drawn)
            for layer in range(len(blocks)):
                p, n = (positive[layer], negative[layer]) if variant == "authors" else (hidden[layer][own], hidden[layer][drawn])
                rows = np.concatenate([p.reshape(-1, p.shape[-1]), n.reshape(-1, n.shape[-1])])
                labels = np.repeat([1, 0], [p.shape[0] * p.shape[1], n.shape[0] * n.shape[1]])
                if variant == "well":
                    probe = LogisticRegression(C=1, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(rows.astype(np.float64), labels)
                else:
                    probe = LogisticRegression(C=1, max_iter=1000).fit(rows, labels)
                score = float((pooled[layer] @ probe.coef_[0].astype(np.float64) > 0).mean())
                scores.setdefault(f"{name}/{layer}", []).append(score)
    scaled, cpu = (time.perf_counter() - begin) * arguments.cavs / count, (time.process_time() - fixed_cpu) * arguments.cavs / count
    return {"seconds": fixed + scaled, "cpu": fixed_cpu + cpu, "resamples": count,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "scores": scores}


def ours(arguments):
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.program, "--model", arguments.model, "--inputs", arguments.inputs, "--target", arguments.target, "--cavs", str(arguments.cavs),
                   "--seed", str(arguments.seed), "--threads", str(arguments.threads), "--format", "json", "--output", f"{folder}/out.json"]
        for concept in arguments.concepts:
            command += ["--concept", f"{Path(concept).name}={concept}"]
        begin = time.perf_counter()
        process = subprocess.Popen(command)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        if process.returncode:
            sys.exit(f"{arguments.program} failed")
        report = json.loads(Path(folder, "out.json").read_text())
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "resamples": arguments.cavs, "megabytes": used.ru_maxrss / 1024,
            "scores": {f"{r['concept']}/{r['layer']}": r["scores"] for r in report["results"]}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("concepts", nargs="+")
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--model", default=str(BUNDLED))
    parser.add_argument("--cavs", type=int, default=50)
    parser.add_argument("--authors", type=int, default=1)
    parser.add_argument("--well", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", default="authors,well")
    parser.add_argument("--quiet", action="store_true", help="drop what PyTorch and scikit-learn write")
    parser.add_argument("--only", help=argparse.SUPPRESS)  # a variant, in a process of its own
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(peer(arguments, arguments.only)))
        return
    environment = dict(os.environ, **{f"{name}_NUM_THREADS": str(arguments.threads) for name in ("OMP", "OPENBLAS", "MKL")})
    runs = {}
    for _ in range(arguments.rounds):
        runs.setdefault("concepts", []).append(ours(arguments))
        for variant in arguments.variants.split(","):
            out = subprocess.run([sys.executable, "-W", "ignore", *sys.argv, "--only", variant], env=environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL if arguments.quiet else None, check=True).stdout
            runs.setdefault(variant, []).append(json.loads(out.splitlines()[-1]))
    print(f"{arguments.rounds} rounds in turn, {arguments.threads} threads, load average {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors")
    print(f"{'':10}{'seconds':>10}{'least':>9}{'most':>9}{'CPU s':>9}{'peak MB':>9}  resamples run   scores other than ours (most, mean difference)")
    mine = runs["concepts"][0]["scores"]
    for name, results in runs.items():
        seconds = [result["seconds"] for result in results]
        differences = [abs(a - b) for key, some in results[0]["scores"].items() for a, b in zip(some, mine[key])]
        other = sum(d > 1e-9 for d in differences)
        print(f"{name:10}{statistics.median(seconds):10.1f}{min(seconds):9.1f}{max(seconds):9.1f}{statistics.median(r['cpu'] for r in results):9.1f}{max(r['megabytes'] for r in results):9.0f}"
              f"  {results[0]['resamples']:6} of {arguments.cavs}   {other} of {len(differences)} ({max(differences):.3f}, {statistics.mean(differences):.5f})")
        if name == "well" and (max(differences) > 0.02 or statistics.mean(differences) > 1e-3):
            sys.exit("the scores do not agree")


if __name__ == "__main__":
    main()
