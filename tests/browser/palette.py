"""A PNG in 256 colours. Chromium decodes, NumPy counts colours, zlib packs: no image library is needed."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = 256
READ = """async (source) => {
  const image = new Image();
  image.src = "data:image/png;base64," + source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  }
  return [image.width, image.height, btoa(text)];
}"""


def with_palette(page: Any, png: bytes) -> bytes:
    """``page`` is any blank page: the program's own pages forbid images from elsewhere."""
    width, height, pixels = page.evaluate(READ, base64.b64encode(png).decode())
    rgba = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height * width, 4)
    packed = rgba[:, 0].astype(np.int64) << 16 | rgba[:, 1].astype(np.int64) << 8 | rgba[:, 2]
    found, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16 & 255, found >> 8 & 255, found & 255], axis=1)
    palette = _palette(colours, counts)
    distance = ((colours[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    index = distance.argmin(axis=1).astype(np.uint8)[where].reshape(height, width)
    return _png(index, palette.astype(np.uint8))


def _palette(colours: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most frequent colour of each small cube of colours, for the cubes that hold most pixels."""
    cubes = (colours >> 3) @ np.array([1024, 32, 1])
    order = np.argsort(-counts, kind="stable")
    _, first = np.unique(cubes[order], return_index=True)
    leaders = order[first]
    weight = np.bincount(cubes, weights=counts)[cubes[leaders]]
    return colours[leaders[np.argsort(-weight, kind="stable")[:COLOURS]]]


def _png(index: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    height, width = index.shape
    rows = np.hstack([np.zeros((height, 1), dtype=np.uint8), index])
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
