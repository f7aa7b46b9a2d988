"""Mutants of chip files: every preset's tree and text, with values, units, keys and characters changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from hypothesis import strategies as st

from archsim.chip import chip_names, loading

Tree = dict[str, "Tree | str"]
Path_ = tuple[str, ...]

PRESETS = Path(loading.__file__).parent / "presets"

NUMBERS = (
    "0", "-0", "-1", "1", "2", "3", "7", "16", "24", "64", "127", "1000", "65536", "1000000", "1000000000",
    "9223372036854775807", "9223372036854775808", "1" + 30 * "0", "-" + 30 * "9", "5e9", "1e18", "1e308", "1e309",
    "-1e308", "1e-320", "1e-400", "0.0", "0.1", "0.5", "1.5", "-2.5", "nan", ".nan", "inf", ".inf", "-.inf", "NaN",
    "0x10", "0o17", "0b1", "1_000", "1,000", "12:30:45", "+5", "5.", ".5", "1e", "١٢٣", "½", "𝟘", "9" * 4400,
)  # fmt: skip
UNITS = (
    "s", "ps", "ns", "us", "µs", "ms", "h", "year", "m", "nm", "um", "mm", "km", "lightyear", "m^2", "um^2", "mm^2",
    "nm**2", "J", "fJ", "pJ", "eV", "kWh", "W", "nW", "MW", "Hz", "GHz", "THz", "V", "mV", "kV", "ohm", "Ω", "S", "uS",
    "K", "degC", "F", "fF", "bit", "B", "KiB", "GiB", "TiB", "bit/s", "GB/s", "pJ/bit", "kg", "m/s/s", "m^9", "", "%",
    "ns ns", "1/ns", "s^-1", "furlong", "zzz", "m^", "^2", "**", "__class__", "m**9**9**9",
)  # fmt: skip
WORDS = (
    "", "null", "~", "true", "false", "yes", "no", "on", "off", "x", "sram", "edram", "lpddr", "hbm", "pcm", "ideal",
    "reram", "flash", "mesh", "torus", "ring", "tree", "bus", "line", "all-to-all", "concentrated-mesh", "tile",
    "router", "chip", "system", "array", "digital", "differential", "offset", "shared-reference", "pulse-width",
    "bit-serial", "voltage", "oscillator", "sar", "ramp", "integrating", "exact", "averaged", "as needed", "survey",
    "conduction", "charge", "cacti", "horowitz", "dsent", "datapath", "neurosim", "isaac", "puma", "int8", "fp32",
    "high-performance", "low-power", "2001-01-01", "[]", "{}", "[1, 2]", "{a: 1}", "{a: {b: {c: 1}}}", "- a", "&a x",
    "*a", "&a {b: *a}", "!!python/object/apply:os.system [ls]", "!!binary aGVsbG8=", "!!int 3", "!!float x", "!x y",
    "<<: {a: 1}", "? x", "|\n  text", ">-\n  folded", "'", '"', "'a", '"\\x"', '"\\u0000"', "%", "@", "`", "#", ": x",
    "a: b: c", "--- x", "...", "\t1", "40 ns [a source]", "[only a source]", "x [y] [z]", "1 [", "]", "../../etc",
    "\x00", "\x1b[31mred", "\x07", "\x85", "\u2028", "\u202e", "\ufeff", "\ud7ff", "é", "日本", "a" * 3000, "=1+1", "-",
)  # fmt: skip


@cache
def text_of(preset: str) -> str:
    """The text of a preset's file."""
    return (PRESETS / f"{preset}.yaml").read_text(encoding="utf-8")


@cache
def _tree_of(preset: str) -> Tree:
    tree: Tree = yaml.load(text_of(preset), Loader=yaml.BaseLoader)
    return tree


@cache
def _paths_of(preset: str) -> tuple[Path_, ...]:
    """Every path of a preset, through what it extends."""
    tree = _tree_of(preset)
    above = tree.get("extends")
    inherited = _paths_of(above) if isinstance(above, str) else ()
    return tuple(dict.fromkeys((*_paths(tree), *inherited)))


def _paths(tree: Tree, above: Path_ = ()) -> Iterator[Path_]:
    for key, value in tree.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


def _copied(tree: Tree) -> Tree:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}


def written(tree: Tree, indent: int = 0) -> str:
    """A tree as text; values stand as they are, whatever YAML makes of them."""
    lines = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines.append(f"{' ' * indent}{key}:\n{written(value, indent + 2)}")
        else:
            lines.append(f"{' ' * indent}{key}: {value}\n")
    return "".join(lines)


quantities = st.builds("{} {}".format, st.sampled_from(NUMBERS), st.sampled_from(UNITS))
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
values = st.one_of(st.sampled_from(NUMBERS), quantities, st.sampled_from(WORDS), any_text)
_NUMBER = re.compile(r"[-+]?\d+\.?\d*([eE][-+]?\d+)?")


@st.composite
def near(draw: st.DrawFn, value: str) -> str:
    """A value that is like another: its number scaled, or its unit changed."""
    found = _NUMBER.match(value)
    if found is None:
        return draw(values)
    rest = value[found.end() :]
    if draw(st.booleans()):
        return f"{found[0]} {draw(st.sampled_from(UNITS))}"
    number = float(found[0]) * draw(st.sampled_from((0.5, 2, 3, 10, 0.1, 1e3, 1e-3, 1e6, 1e-6, 1e12, 1e-12, 1e30, -1)))
    return f"{int(number) if number.is_integer() and not rest.strip() else repr(number)}{rest}"


@st.composite
def overlays(draw: st.DrawFn) -> str:
    """A preset with one to four of its fields changed."""
    preset = draw(st.sampled_from(chip_names()))
    tree: Tree = {"extends": preset}
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(_paths_of(preset)))
        value = _value(_tree_of(preset), path)
        _put(tree, path, draw(values if value is None or draw(st.booleans()) else near(value)))
    return written(tree)


@st.composite
def changed_trees(draw: st.DrawFn) -> str:
    """A preset's whole file with keys removed, renamed, moved, or of another type."""
    preset = draw(st.sampled_from(chip_names()))
    tree = _copied(_tree_of(preset))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_paths(tree)) or [("name",)]))
        _change(draw, tree, path)
    return written(tree)


def _change(draw: st.DrawFn, tree: Tree, path: Path_) -> None:
    *above, last = path
    branch = _branch(tree, tuple(above))
    match draw(st.sampled_from(("remove", "rename", "replace", "wrap", "move", "copy"))):
        case "remove":
            branch.pop(last, None)
        case "rename":
            branch[draw(st.one_of(st.sampled_from(WORDS), any_text, st.just(last[:-1]), st.just(last + "s")))] = (
                branch.pop(last, "1")
            )
        case "replace":
            branch[last] = draw(values)
        case "wrap":
            branch[last] = {draw(st.sampled_from((last, "a", "0"))): branch.get(last, "1")}
        case "move":
            tree[last] = branch.pop(last, "1")
        case _:
            branch[last + "_2"] = branch.get(last, "1")


@st.composite
def changed_texts(draw: st.DrawFn) -> str:
    """A preset's text with lines and characters changed."""
    lines = text_of(draw(st.sampled_from(chip_names()))).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("remove", "repeat", "indent", "insert", "cut", "replace", "swap"))):
            case "remove":
                lines[at] = ""
            case "repeat":
                lines[at] *= 2
            case "indent":
                lines[at] = draw(st.sampled_from((" ", "  ", "\t", "- ", "? ", "    "))) + lines[at].lstrip(" ")
            case "insert":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.one_of(st.sampled_from(WORDS), any_text)) + lines[at][place:]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case "replace":
                key, colon, _ = lines[at].partition(":")
                lines[at] = f"{key}{colon} {draw(values)}\n"
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


mutants: st.SearchStrategy[bytes] = st.one_of(
    overlays().map(str.encode),
    overlays().map(str.encode),
    changed_trees().map(str.encode),
    changed_texts().map(str.encode),
    st.builds(
        lambda text, at, junk: text[: at % len(text)] + junk + text[at % len(text) :],
        changed_texts().map(str.encode),
        st.integers(0, 10_000),
        st.binary(max_size=6),
    ),
)
"""Chip files as bytes, most of them nearly right."""


def _value(tree: Tree, path: Path_) -> str | None:
    node: Tree | str | None = tree
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, str) else None


def _branch(tree: Tree, path: Path_) -> Tree:
    node = tree
    for key in path:
        below = node.get(key)
        if not isinstance(below, dict):
            below = node[key] = {}
        node = below
    return node


def _put(tree: Tree, path: Path_, value: str) -> None:
    *above, last = path
    _branch(tree, tuple(above))[last] = value
