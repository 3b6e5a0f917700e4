#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden files for images: small pictures of every kind, and what Pillow and the image processors of
transformers make of them. tests/golden/README.md describes the files.

usage: python3 make.py"""

import json
import os
import struct
import zlib
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from PIL import Image, ImageOps
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"


def picture(height, width, seed=0):
    """Gradients, an edge and noise: what tells filters and orders apart."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x / max(1, width - 1)
    green = 255 * y / max(1, height - 1)
    blue = np.where((x * 3 + y * 5) % 17 < 8, 230, 20)
    noise = random.integers(-20, 21, (height, width, 3))
    return np.clip(np.stack([red, green, blue], -1) + noise, 0, 255).astype(np.uint8)


def png(path, width, height, depth, color, rows, extra=(), interlace=0):
    """A PNG written by hand, for the kinds that Pillow does not write. `rows` are packed bytes without filter type."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    data = b"".join(b"\0" + row for row in rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(k, d) for k, d in extra)
                     + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def packed(samples, depth):
    """Rows of samples below 2^depth as bytes."""
    rows = []
    for row in samples:
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 8)
        rows.append(bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)))
    return rows


def adam7(samples):
    """Rows of an interlaced 8-bit RGB image, pass by pass."""
    rows = []
    for y0, x0, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        part = samples[y0::dy, x0::dx]
        rows += [line.tobytes() for line in part if part.shape[1] > 0]
    return rows


def make_files():
    FILES.mkdir(exist_ok=True)
    for path in FILES.iterdir():
        path.unlink()
    color = picture(37, 53)
    gray = color[:, :, 2]
    for depth in (1, 2, 4, 8):
        png(FILES / f"gray{depth}.png", 53, 37, depth, 0, packed(gray >> (8 - depth), depth))
        palette = np.random.default_rng(depth).integers(0, 256, (2**depth, 3)).astype(np.uint8).tobytes()
        png(FILES / f"palette{depth}.png", 53, 37, depth, 3, packed(gray >> (8 - depth), depth),
            [(b"PLTE", palette), (b"tRNS", b"\0\x80")])
    wide = color.astype(np.uint16) * 256 + np.arange(53, dtype=np.uint16)[None, :, None]
    png(FILES / "gray16.png", 53, 37, 16, 0, [row.astype(">u2").tobytes() for row in wide[:, :, 0]])
    png(FILES / "color16.png", 53, 37, 16, 2, [row.astype(">u2").tobytes() for row in wide])
    png(FILES / "color8.png", 53, 37, 8, 2, [row.tobytes() for row in color], [(b"tRNS", b"\0\x10\0\x20\0\x30")])
    alpha = np.concatenate([color, gray[:, :, None]], -1)
    png(FILES / "color-alpha8.png", 53, 37, 8, 6, [row.tobytes() for row in alpha])
    png(FILES / "color-alpha16.png", 53, 37, 16, 6, [row.tobytes() for row in (alpha.astype(np.uint16) * 257).astype(">u2")])
    png(FILES / "gray-alpha8.png", 53, 37, 8, 4, [row.tobytes() for row in alpha[:, :, :2]])
    png(FILES / "interlaced.png", 53, 37, 8, 2, adam7(color), interlace=1)
    png(FILES / "one-pixel.png", 1, 1, 8, 2, [bytes([10, 20, 30])])
    exif = Image.Exif()
    exif[0x0112] = 6
    png(FILES / "exif.png", 53, 37, 8, 2, [row.tobytes() for row in color], [(b"eXIf", exif.tobytes()[6:])])

    photo = Image.fromarray(picture(41, 67, 3))
    photo.save(FILES / "plain.jpg", quality=85)
    photo.save(FILES / "sharp.jpg", quality=97, subsampling=0)
    photo.save(FILES / "half.jpg", quality=70, subsampling=1)
    photo.save(FILES / "progressive.jpg", quality=80, progressive=True)
    photo.convert("L").save(FILES / "gray.jpg", quality=80)
    photo.convert("CMYK").save(FILES / "cmyk.jpg", quality=90)
    Image.fromarray(picture(1, 1)).save(FILES / "one-pixel.jpg")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(picture(9, 14, 5)).save(FILES / f"turned{orientation}.jpg", quality=60, exif=exif)


def decoded(path):
    image = Image.open(path)
    if image.mode.startswith("I;16"):  # Pillow clips; ours is the high byte
        levels = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(levels[:, :, None], 3, -1)
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def fnv(array):
    """A 64-bit FNV-1a hash, which the tests can compute in a line."""
    value = 0xCBF29CE484222325
    for byte in np.ascontiguousarray(array).tobytes():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


FILTERS = dict(nearest=0, lanczos=1, bilinear=2, bicubic=3, box=4, hamming=5)
SIZES = [(32, 32), (1, 1), (100, 20), (67, 41), (41, 30), (7, 200), (224, 224)]  # height, width
PROCESSORS = {
    "vit": (ViTImageProcessorPil, {}),
    "vit-small": (ViTImageProcessorPil, dict(size={"height": 32, "width": 32}, resample=2)),
    "vit-edge-crop": (ViTImageProcessorPil, dict(size={"shortest_edge": 48}, do_center_crop=True, crop_size={"height": 40, "width": 44},
                                                 resample=3, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])),
    "vit-pad": (ViTImageProcessorPil, dict(do_resize=False, do_center_crop=True, crop_size={"height": 50, "width": 60})),
    "vit-raw": (ViTImageProcessorPil, dict(do_resize=False, do_normalize=False, rescale_factor=0.5)),
    "deit": (DeiTImageProcessorPil, {}),
}

if __name__ == "__main__":
    make_files()
    result = dict(files={}, resized={}, processed={})
    for path in sorted(FILES.iterdir()):
        pixels = decoded(path)
        result["files"][path.name] = dict(height=pixels.shape[0], width=pixels.shape[1], fnv=fnv(pixels))
    photo = Image.open(FILES / "sharp.jpg").convert("RGB")
    for name, number in FILTERS.items():
        result["resized"][name] = [dict(height=h, width=w, fnv=fnv(np.asarray(photo.resize((w, h), number)))) for h, w in SIZES]
    for name, (kind, settings) in PROCESSORS.items():
        processor = kind(**settings)
        pixels = processor(photo, return_tensors="np")["pixel_values"][0].astype(np.float64)
        config = {"image_processor_type": kind.__name__.removesuffix("Pil")} | settings
        picks = [[int(c), int(y), int(x), float(pixels[c, y, x])]
                 for c, y, x in np.random.default_rng(1).integers(0, pixels.shape, (24, 3))]
        result["processed"][name] = dict(config=config, shape=pixels.shape, picks=picks, sum=float(pixels.sum()),
                                         sum_of_squares=float((pixels**2).sum()))
    (HERE / "expected.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{len(result['files'])} files, {sum(p.stat().st_size for p in FILES.iterdir())} bytes")
