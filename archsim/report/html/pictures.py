"""Pictures that are data: shares as a PNG, and as steps of a scale of colours."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from archsim.report.drawing import Drawing, Wire

STEPS = 9
"""Steps of the colour scale, beside nothing at all."""
_BEND = 0.09
"""How far an arc's middle is from the straight line, as a share of its length."""
_INK, _OTHER_INK = (29, 91, 201), (200, 85, 61)


def heat_steps(values: NDArray[np.float64]) -> list[int]:
    """Each value's step on a scale from 0, which is nothing, to the largest value."""
    top = float(values.max(initial=0.0))
    if top <= 0:
        return [0] * len(values)
    return np.ceil(np.clip(values / top, 0.0, 1.0) * STEPS).astype(int).tolist()  # type: ignore[no-any-return]


def wire_path(wire: Wire, unit: float) -> str:
    """A line or an arc as a piece of an SVG path, with ``unit`` of its units in a metre."""
    x, y, to_x, to_y = (unit * metres for metres in (wire.x, wire.y, wire.to_x, wire.to_y))
    if not wire.bent:
        return f"M{x:.5g} {y:.5g}L{to_x:.5g} {to_y:.5g}"
    middle_x, middle_y = (x + to_x) / 2 - _BEND * (to_y - y), (y + to_y) / 2 + _BEND * (to_x - x)
    return f"M{x:.5g} {y:.5g}Q{middle_x:.5g} {middle_y:.5g} {to_x:.5g} {to_y:.5g}"


def told_boxes(drawing: Drawing) -> list[dict[str, object]]:
    """What a drawing's boxes are, for what is told under the pointer: metres, and words."""
    return [
        {
            "places": [[x, y, name] for (x, y), name in zip(stamp.places, stamp.names, strict=True)],
            "boxes": [[box.x, box.y, box.width, box.height, box.name, box.remark] for box in stamp.boxes],
        }
        for stamp in drawing.stamps
    ]


def png_uri(shares: NDArray[np.float64], *, other: bool = False) -> str:
    """Shares of 1 as a picture of one pixel each, as transparent as they are small, in a data URI.

    Parameters
    ----------
    shares : float64, shape (rows, columns)
    other : bool
        In the second colour.
    """
    rows, columns = shares.shape
    pixels = np.empty((rows, columns, 4), np.uint8)
    pixels[:, :, :3] = _OTHER_INK if other else _INK
    pixels[:, :, 3] = np.round(np.clip(shares, 0.0, 1.0) * 255)
    # Each line begins with its filter: none.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)
    return f"data:image/png;base64,{b64encode(data).decode()}"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
