"""Pictures that are data: shares as a PNG, and as steps of a scale of colours."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

STEPS = 9
"""Steps of the colour scale, beside nothing at all."""
_INK = (29, 91, 201)


def heat_steps(values: NDArray[np.float64]) -> list[int]:
    """Each value's step on a scale from 0, which is nothing, to the largest value."""
    top = float(values.max(initial=0.0))
    if top <= 0:
        return [0] * len(values)
    return np.ceil(np.clip(values / top, 0.0, 1.0) * STEPS).astype(int).tolist()  # type: ignore[no-any-return]


def png_uri(shares: NDArray[np.float64]) -> str:
    """Shares of 1 as a picture of one pixel each, as transparent as they are small, in a data URI.

    Parameters
    ----------
    shares : float64, shape (rows, columns)
    """
    rows, columns = shares.shape
    pixels = np.empty((rows, columns, 4), np.uint8)
    pixels[:, :, :3] = _INK
    pixels[:, :, 3] = np.round(np.clip(shares, 0.0, 1.0) * 255)
    # Each line begins with its filter: none.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)
    return f"data:image/png;base64,{b64encode(data).decode()}"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
