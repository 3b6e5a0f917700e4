#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same jobs by regard and by the Python stack, in turn, on the same checkpoints and inputs with the same number of threads: checks that
the results agree, then prints seconds, the ratio of medians with its spread, and peak memory.

usage: python3 peers.py NAME=PROGRAM... --sst2 dev872.tsv [--explain EXPLAIN_TEXT] [--jobs PATTERN,..] [--json FILE]

PROGRAM is tests/bench/bench_jobs of a Release build; several builds may be named (native=.. avx2=..), the first is the one that ratios are of.
Versions: tests/bench/requirements.txt. The job of concepts is concepts_peer.py's.

The peers are written as well as we can, and are given what suits them: eager attention, no gradients of weights, inputs sorted by length, the
batch size that was fastest in a trial. `authors` does as the public code of arXiv 2508.08966: one backward pass a sentence, with gradients of all
weights; its enumeration and its sampler of max-mutual values are here vectorised with numpy, which is kind to them.

Each side of a job is a process of its own that holds its model and answers commands. After one run to warm up, every side runs --rounds times in turn,
each time as often as fills a third of a second."""

import argparse
import fnmatch
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BERT, VIT = ROOT / "examples/models/bert-tiny-sst2", ROOT / "examples/models/vit-small-cifar10"
SHAPES = {  # random weights
    "minilm": dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
    "bert-base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
    "vit-base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
}
BATCHES = (8, 16, 32)


# The jobs: name, our job, model, peers, and what the driver makes the input of.
def jobs():
    for model in ("bert-tiny", "minilm", "bert-base"):
        for inputs in ("uniform", "ragged"):
            yield dict(name=f"forward/{model}/{inputs}", job="forward", model=model, peers=["torch"], inputs=inputs)
            yield dict(name=f"backward/{model}/{inputs}", job="backward", model=model, peers=["torch"], inputs=inputs)
    for model in ("vit-small", "vit-base"):
        yield dict(name=f"forward/{model}", job="forward", model=model, peers=["torch"], inputs="pixels")
        yield dict(name=f"backward/{model}", job="backward", model=model, peers=["torch"], inputs="pixels")
    yield dict(name="mutual/bert-tiny/872", job="mutual", model="bert-tiny", peers=["torch", "authors"], inputs="texts:872")
    yield dict(name="mutual/minilm/128", job="mutual", model="minilm", peers=["torch", "authors"], inputs="texts:128")
    yield dict(name="mutual/bert-base/32", job="mutual", model="bert-base", peers=["torch", "authors"], inputs="texts:32")
    for players in (12, 14):
        yield dict(name=f"exact/bert-tiny/{players}", job="exact", model="bert-tiny", peers=["shapiq"], inputs=f"players:{players}")
    yield dict(name="kernel/bert-tiny/60", job="kernel", model="bert-tiny", peers=["shap", "captum"], inputs="players:60")
    yield dict(name="matrix/15", job="matrix", model="-", peers=["enumerate"], inputs="15")
    for players in (64, 512):
        yield dict(name=f"matrix/{players}", job="matrix", model="-", peers=["sampler"], inputs=str(players))
    yield dict(name="start/bert-tiny", job="start", model="bert-tiny", peers=["torch"], inputs="texts:1")


# ---- the peers

def weigh(values):
    """As in jobs.cpp: a number that every entry takes part in. `values` is a tensor."""
    import numpy as np

    flat = values.detach().double().numpy().ravel()
    return float(flat @ (np.arange(flat.size) % 7 + 1))


class Torch:
    """A transformers classifier, and the batches that it likes."""

    def __init__(self, model, grad=False):
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from transformers import AutoConfig, BertForSequenceClassification, BertTokenizerFast, ViTForImageClassification

        self.torch = torch
        self.text = AutoConfig.from_pretrained(model).model_type == "bert"
        kind = BertForSequenceClassification if self.text else ViTForImageClassification
        self.model = kind.from_pretrained(model, dtype=torch.float32, attn_implementation="eager").eval().requires_grad_(grad)
        if self.text:
            self.tokenizer = BertTokenizerFast.from_pretrained(model)
        self.batch = None

    def read(self, file):
        """Inputs of `forward` and `backward`."""
        if self.text:
            return [[int(i) for i in line.split()] for line in Path(file).read_text().splitlines()]
        size = self.model.config.image_size
        return list(self.torch.frombuffer(bytearray(Path(file).read_bytes()), dtype=self.torch.float32).reshape(-1, 3, size, size))

    def batches(self, inputs):
        """Positions of the inputs of each batch, longest together."""
        order = sorted(range(len(inputs)), key=lambda i: len(inputs[i])) if self.text else list(range(len(inputs)))
        return [order[i : i + self.batch] for i in range(0, len(order), self.batch)]

    def forward(self, inputs, **options):
        if not self.text:
            return self.model(pixel_values=self.torch.stack(inputs), **options)
        longest = max(len(ids) for ids in inputs)
        ids = self.torch.tensor([i + [0] * (longest - len(i)) for i in inputs])
        mask = None
        if any(len(i) != longest for i in inputs):
            mask = self.torch.tensor([[1] * len(i) + [0] * (longest - len(i)) for i in inputs])
        return self.model(input_ids=ids, attention_mask=mask, **options)

    def fastest(self, run, inputs):
        """Sets the batch size by a trial."""
        seconds = {}
        for self.batch in BATCHES:
            if seconds and self.batch >= 2 * inputs:
                break
            run()
            begin = time.perf_counter()
            run()
            seconds[self.batch] = time.perf_counter() - begin
        self.batch = min(seconds, key=seconds.get)
        print(f"  peer batch size {self.batch}: " + ", ".join(f"{b}: {s:.3g} s" for b, s in seconds.items()), file=sys.stderr)


def passes(model, file, backward):
    """Logits and all attentions; with `backward` gradients of the largest logit in all attentions and hidden states."""
    side = Torch(model)
    torch, inputs, kept = side.torch, side.read(file), {}
    embeddings = side.model.base_model.embeddings
    if backward:
        embeddings.register_forward_hook(lambda module, arguments, output: output.requires_grad_())

    def run():
        kept.clear()
        for which in side.batches(inputs):
            with torch.set_grad_enabled(backward):
                out = side.forward([inputs[i] for i in which], output_attentions=True, output_hidden_states=backward)
                gradients = torch.autograd.grad(out.logits.max(1).values.sum(), [*out.attentions, *out.hidden_states]) if backward else None
            for row, i in enumerate(which):
                kept[i] = (row, out.logits, out.attentions, gradients)

    def result():
        numbers = []
        for i in range(len(inputs)):
            row, logits, attentions, gradients = kept[i]
            n = len(inputs[i]) if side.text else attentions[0].shape[-1]
            numbers.append(logits[row].tolist())
            for layer, attention in enumerate(attentions):
                numbers[-1].append(weigh(attention[row, :, :n, :n]))
                if backward:
                    numbers[-1].append(weigh(gradients[layer][row, :, :n, :n]))
                    numbers[-1].append(weigh(gradients[len(attentions) + layer + 1][row, :n]))
        return numbers

    side.fastest(run, len(inputs))
    return run, result


def mutual_values(matrix):
    """Closed form of the mutual game on a numpy matrix of the players."""
    n = len(matrix)
    if n == 1:
        return matrix[0]
    diagonal = matrix.diagonal()
    both = matrix + matrix.T
    return (both.sum(1) - both.diagonal()) / 2 + (diagonal - diagonal.sum() / n) / (n - 1)


def mutual(model, file, authors):
    side = Torch(model, grad=authors)
    torch, texts, values = side.torch, Path(file).read_text().splitlines(), {}
    limit = side.model.config.max_position_embeddings
    if not authors:
        side.model.base_model.embeddings.register_forward_hook(lambda module, arguments, output: output.requires_grad_())

    def run():
        values.clear()
        if authors:
            for i, text in enumerate(texts):
                out = side.model(**side.tokenizer(text, return_tensors="pt", truncation=True, max_length=limit), output_attentions=True)
                for attention in out.attentions:
                    attention.retain_grad()
                side.model.zero_grad()
                out.logits[0].max().backward()
                mean = sum((a * a.grad.clamp(min=0)).detach().mean((0, 1)) for a in out.attentions) / len(out.attentions)
                values[i] = mutual_values(mean[1:-1, 1:-1].double().numpy())
            return
        inputs = side.tokenizer(texts, truncation=True, max_length=limit)["input_ids"]
        for which in side.batches(inputs):
            out = side.forward([inputs[i] for i in which], output_attentions=True)
            gradients = torch.autograd.grad(out.logits.max(1).values.sum(), out.attentions)
            with torch.no_grad():
                mean = sum((a * g.clamp_(min=0)).mean(1) for a, g in zip(out.attentions, gradients)) / len(gradients)
            for row, i in enumerate(which):
                n = len(inputs[i])
                values[i] = mutual_values(mean[row, 1 : n - 1, 1 : n - 1].double().numpy())

    if not authors:
        side.fastest(run, len(texts))
    return run, lambda: [x for i in range(len(texts)) for x in values[i]]


def masked_game(model, file):
    """v(rows of 0 and 1 over the tokens of the text) = probability of the predicted class; and the number of players."""
    side = Torch(model)
    torch = side.torch
    ids = torch.tensor(side.tokenizer(Path(file).read_text().splitlines()[0])["input_ids"])
    with torch.inference_mode():
        target = int(side.model(input_ids=ids[None]).logits.argmax())

    def value(coalitions, size=64):
        shown = torch.ones(len(coalitions), len(ids), dtype=torch.bool)
        shown[:, 1:-1] = torch.as_tensor(coalitions).bool()
        inputs = torch.where(shown, ids, side.tokenizer.mask_token_id)
        with torch.inference_mode():
            return torch.cat([side.model(input_ids=part).logits.softmax(1)[:, target] for part in inputs.split(size)]).double().numpy()

    return value, len(ids) - 2


def sampled(kind, model, file):
    import numpy as np

    value, players = masked_game(model, file)
    kept = {}
    if kind == "shapiq":
        import shapiq

        def run():
            computer = shapiq.ExactComputer(value, n_players=players)
            found = computer("SV")
            kept["values"] = [float(found[(i,)]) for i in range(players)]
    elif kind == "shap":
        import shap

        def run():
            explainer = shap.KernelExplainer(lambda rows: value(rows), np.zeros((1, players)))
            kept["values"] = explainer.shap_values(np.ones((1, players)), nsamples=2048, l1_reg=False, silent=True)[0].tolist()
    else:
        import torch
        from captum.attr import KernelShap

        def run():
            explainer = KernelShap(lambda rows: torch.from_numpy(value(rows.numpy() > 0.5)))
            found = explainer.attribute(torch.ones(1, players), n_samples=2048, perturbations_per_eval=64)
            kept["values"] = found[0].tolist()
    return run, lambda: kept["values"]


def max_mutual(kind, players):
    """Max-mutual values of the matrix of jobs.cpp by enumeration, or by the authors' sampler "random" with 100 coalitions."""
    import numpy as np

    i, j = np.indices((players, players))
    matrix = ((i * 7919 + j * 104729 + i * j) % 1009 + 1).astype(float)
    matrix /= matrix.sum(1, keepdims=True)
    pair = np.maximum(matrix, matrix.T) * (1 - np.eye(players))
    single, kept = matrix.diagonal(), {}

    def enumerate_all():
        masks = (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(float)
        sizes = masks.sum(1).astype(int)
        values = ((masks @ pair) * masks).sum(1) / 2
        values[sizes == 1] = masks[sizes == 1] @ single
        weight = np.array([1 / (players * math.comb(players - 1, s)) for s in range(players)])
        values_of = []
        for player in range(players):
            without = np.flatnonzero(masks[:, player] == 0)
            values_of.append((weight[sizes[without]] * (values[without | 1 << player] - values[without])).sum())
        kept["values"] = values_of

    def sample():
        draws = np.random.default_rng(0).random((100, players)) < 0.5
        log_weight = np.array([-math.log(players) - math.log(math.comb(players - 1, s)) for s in range(players)])
        values = np.zeros(players)
        for player in range(players):
            others = draws.copy()
            others[:, player] = False
            sizes = others.sum(1)
            gain = others @ pair[player]
            gain[sizes == 0] = single[player]
            gain[sizes == 1] -= others[sizes == 1] @ single
            values[player] = (np.exp(log_weight[sizes]) * gain).sum()
        kept["values"] = values.tolist()

    return (enumerate_all if kind == "enumerate" else sample), lambda: kept["values"]


def work(kind, job, model, file, threads):
    """A peer's process: as jobs.cpp's."""
    for name in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    import numpy as np

    if job != "matrix":
        import torch

        torch.set_num_threads(threads)
    if job in ("forward", "backward"):
        run, result = passes(model, file, job == "backward")
    elif job == "mutual":
        run, result = mutual(model, file, kind == "authors")
    elif job == "matrix":
        run, result = max_mutual(kind, int(file))
    else:
        run, result = sampled(kind, model, file)
    print("ready", flush=True)
    for line in sys.stdin:
        command, argument = line.split()
        if command == "run":
            begin = time.perf_counter()
            for _ in range(int(argument)):
                run()
            print((time.perf_counter() - begin) / int(argument), flush=True)
        else:
            numbers = np.array(result(), np.float64)
            numbers.tofile(argument)
            print(numbers.shape[-1] if numbers.ndim == 2 else 0, flush=True)  # numbers of a kind stand in columns


def start(model, file):
    """What a script does from its start to its first explanation."""
    run, result = mutual(model, file, False)
    print(result()[:1])


# ---- the driver

class Side:
    """A process that answers commands."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        while (line := self.process.stdout.readline()) and line.strip() != "ready":
            pass
        if not line:
            sys.exit(f"{command[0]} did not start")
        self.loaded = self.memory()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def memory(self):
        """Peak so far in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def end(self):
        peak = self.memory()
        self.process.stdin.close()
        self.process.wait()
        return peak


class Once:
    """A program that is started for every run."""

    def __init__(self, command, environment):
        self.command, self.environment, self.peak, self.loaded = command, environment, 0, 0

    def ask(self, command):
        times = int(command.split()[1])
        begin = time.perf_counter()
        for _ in range(times):
            process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{self.command[0]} failed")
            self.peak = max(self.peak, used.ru_maxrss / 1024)
        return (time.perf_counter() - begin) / times

    def end(self):
        return self.peak


def checkpoint(model, folder):
    """The folder of a model; one with random weights is made."""
    if model in ("-", "bert-tiny", "vit-small"):
        return {"-": "-", "bert-tiny": str(BERT), "vit-small": str(VIT)}[model]
    path = Path(folder, model)
    if not path.exists():
        script = f"""
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast, ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
torch.manual_seed(0)
shape = dict({SHAPES[model]!r}, initializer_range=0.05)
if {model!r}.startswith("vit"):
    ViTForImageClassification(ViTConfig(num_labels=1000, **shape)).save_pretrained({str(path)!r})
    ViTImageProcessorPil().save_pretrained({str(path)!r})
else:
    tokenizer = BertTokenizerFast.from_pretrained({str(BERT)!r})
    BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained({str(path)!r})
"""
        subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, stderr=subprocess.DEVNULL)
        if model != "vit-base":
            for name in ("vocab.txt", "tokenizer_config.json"):
                (path / name).write_bytes((BERT / name).read_bytes())
    return str(path)


def write_input(kind, model, folder, sentences, tokenizer):
    """The file that both sides read."""
    if kind.isdigit():
        return kind
    file = Path(folder, kind.replace(":", "-") + "-" + model)
    if kind == "pixels":
        import numpy as np

        count, size = (64, 32) if model == "vit-small" else (4, 224)
        file.write_bytes(np.random.default_rng(0).standard_normal((count, 3, size, size)).astype(np.float32).tobytes())
    elif kind == "uniform":
        ids = [i for s in sentences for i in tokenizer(s)["input_ids"][1:-1]]
        count = 4 if model == "bert-base" else 16
        rows = [[2] + ids[126 * i : 126 * (i + 1)] + [3] for i in range(count)]
        file.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
    elif kind == "ragged":
        count = 32 if model == "bert-base" else 128
        file.write_text("".join(" ".join(map(str, tokenizer(s)["input_ids"])) + "\n" for s in sentences[:count]))
    elif kind.startswith("texts:"):
        file.write_text("".join(s + "\n" for s in sentences[: int(kind[6:])]))
    else:  # one text of so many tokens
        players, words = int(kind[8:]), [w for s in sentences for w in s.split()]
        text = ""
        for word in words:
            if len(tokenizer(text + " " + word)["input_ids"]) - 2 <= players:
                text += " " + word
        file.write_text(text.strip() + "\n")
    return str(file)


def agree(name, ours, peer, columns):
    """Ends the program where two sides computed different things; else the largest difference, relative to the largest number of its column."""
    import numpy as np

    ours, peer = np.fromfile(ours), np.fromfile(peer)
    if ours.shape != peer.shape:
        sys.exit(f"{name}: {ours.size} numbers, the peer {peer.size}")
    if name.startswith("kernel"):  # two samplers with draws of their own
        near = float(np.corrcoef(ours, peer)[0, 1])
        if near < 0.8 or abs(ours.sum() - peer.sum()) > 1e-3:
            sys.exit(f"{name}: correlation {near}, sums {ours.sum()} and {peer.sum()}")
        return f"r {near:.3f}"
    ours, peer = (x.reshape(-1, columns or 1) for x in (ours, peer))
    difference = float((np.abs(ours - peer).max(0) / np.abs(peer).max(0)).max())
    if difference > 1e-4:
        sys.exit(f"{name}: the results differ by {difference}")
    return f"{difference:.0e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", metavar="NAME=PROGRAM")
    parser.add_argument("--sst2", required=True, help="SST-2's development set with a column `sentence`")
    parser.add_argument("--explain", help="explain_text, for the job `start`")
    parser.add_argument("--jobs", default="*", help="patterns of job names, with commas between")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoints", default=str(Path(tempfile.gettempdir(), "regard-bench")), help="where random models are kept")
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    programs = dict(p.split("=", 1) for p in arguments.programs)
    environment = dict(os.environ, **{f"{name}_NUM_THREADS": str(arguments.threads) for name in ("OMP", "OPENBLAS", "MKL")}, HF_HUB_OFFLINE="1",
                       TRANSFORMERS_VERBOSITY="error", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
    from transformers import BertTokenizerFast

    tokenizer = BertTokenizerFast.from_pretrained(str(BERT))
    header, *rows = Path(arguments.sst2).read_text().splitlines()
    column = header.split("\t").index("sentence")
    sentences = [row.split("\t")[column] for row in rows]
    records = []
    print(f"{'job':26}{'side':11}{'median':>11}{'least':>11}{'most':>11}   {'ratio (least, most)':24}{'peak MB':>8}{'loaded':>8}  check")
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs():
            if not any(fnmatch.fnmatch(job["name"], pattern) for pattern in arguments.jobs.split(",")):
                continue
            model = checkpoint(job["model"], arguments.checkpoints)
            file = write_input(job["inputs"], job["model"], folder, sentences, tokenizer)
            if job["job"] == "start":
                if not arguments.explain:
                    continue
                text = Path(file).read_text().splitlines()[0]
                command = [arguments.explain, "--model", model, "--text", text, "--method", "grad-attention-mutual", "--threads", str(arguments.threads)]
                sides = {next(iter(programs)): Once(command, environment), "torch": Once([sys.executable, __file__, "--start", model, file], environment)}
            else:
                ours = {name: [program, job["job"], model, file, str(arguments.threads)] for name, program in programs.items()}
                peers = {peer: [sys.executable, __file__, "--work", peer, job["job"], model, file, str(arguments.threads)] for peer in job["peers"]}
                sides = {name: Side(command, environment) for name, command in {**ours, **peers}.items()}
            times = {name: max(1, round(0.33 / side.ask("run 1"))) for name, side in sides.items()}
            checks = dict.fromkeys(sides, "")
            if job["job"] != "start":
                columns = {name: int(side.ask(f"result {folder}/{name}")) for name, side in sides.items()}
                for name in itertools.islice(sides, 1, None):
                    if name != "sampler":  # its scale is wrong by design: tests compare it with a transcription
                        width = columns[job["peers"][0]]
                        checks[name] = agree(job["name"], f"{folder}/{next(iter(sides))}", f"{folder}/{name}", width)
            seconds = {name: [] for name in sides}
            for _ in range(arguments.rounds):
                for name, side in sides.items():
                    seconds[name].append(side.ask(f"run {times[name]}"))
            first = next(iter(sides))
            for name, side in sides.items():
                s, loaded, peak = seconds[name], side.loaded, side.end()
                ratios = sorted(a / b for a, b in zip(s, seconds[first]))
                ratio = statistics.median(s) / statistics.median(seconds[first])
                shown = "" if name == first else f"{ratio:.3g} ({ratios[0]:.3g}, {ratios[-1]:.3g})"
                print(f"{job['name']:26}{name:11}{statistics.median(s):11.3g}{min(s):11.3g}{max(s):11.3g}   {shown:24}{peak:8.0f}{loaded:8.0f}  {checks[name]}", flush=True)
                records.append(dict(job=job["name"], side=name, seconds=s, ratio=ratio, ratios=ratios, peak=peak, loaded=loaded, check=checks[name]))
    load = os.getloadavg()[1]
    print(f"{arguments.rounds} rounds, {arguments.threads} threads; load average {load:.1f} on {os.cpu_count()} processors")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(records, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:6], int(sys.argv[6]))
    elif sys.argv[1:2] == ["--start"]:
        start(*sys.argv[2:4])
    else:
        main()
