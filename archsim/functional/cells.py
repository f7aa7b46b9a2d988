"""Arithmetic of recurrent cells, as small ONNX graphs: what the digital unit does between two products.

Equations: the ONNX operators LSTM (14), GRU (14) and RNN (14).
"""

from __future__ import annotations

from archsim.functional.runtime import Segment, formula
from archsim.network import Activation


def _call(function: Activation, argument: str) -> str:
    """The call of a function, in ONNX's text form."""
    given = (("alpha", function.alpha), ("beta", function.beta))
    listed = ", ".join(f"{name}: float = {value:.9f}" for name, value in given if value is not None)
    return f"{function.kind}{f' <{listed}> ' if listed else ''}({argument})"


def _clipped(names: tuple[str, ...], clip: float | None) -> str:
    """Statements that clip the arguments of the activations: ``x`` becomes ``x_``."""
    if clip is None:
        return "\n".join(f"{name}_ = Identity({name}s)" for name in names)
    bounds = f"low = Constant <value = float {{{-clip:.9f}}}> ()\nhigh = Constant <value = float {{{clip:.9f}}}> ()\n"
    return bounds + "\n".join(f"{name}_ = Clip({name}s, low, high)" for name in names)


def lstm_cell(gate: Activation, candidate: Activation, output: Activation, *, clip: float | None) -> Segment:
    """From sums of the gates (bias included), peephole weights and cell state to the new state and output."""
    peeped = """is = Add(i, ic)
                fs = Add(f, fc)
                gs = Identity(g)"""
    return formula(
        f"""cell (float[N, H] i, float[N, H] o, float[N, H] f, float[N, H] g, float[N, H] c,
                  float[H] pi, float[H] po, float[H] pf) => (float[N, H] c1, float[N, H] h1) {{
                ic = Mul(pi, c)
                fc = Mul(pf, c)
                {peeped}
                {_clipped(("i", "f", "g"), clip)}
                it = {_call(gate, "i_")}
                ft = {_call(gate, "f_")}
                gt = {_call(candidate, "g_")}
                kept = Mul(ft, c)
                new = Mul(it, gt)
                c1 = Add(kept, new)
                oc = Mul(po, c1)
                os = Add(o, oc)
                {_clipped(("o",), None) if clip is None else "o_ = Clip(os, low, high)"}
                ot = {_call(gate, "o_")}
                shown = {_call(output, "c1")}
                h1 = Mul(ot, shown)
            }}"""
    )


def gru_gates(gate: Activation, clip: float | None) -> Segment:
    """From sums of update and reset gate and the state to the update gate, the reset gate and the reset state."""
    return formula(
        f"""cell (float[N, H] z, float[N, H] r, float[N, H] h) => (float[N, H] zt, float[N, H] rt, float[N, H] rh) {{
                zs = Identity(z)
                rs = Identity(r)
                {_clipped(("z", "r"), clip)}
                zt = {_call(gate, "z_")}
                rt = {_call(gate, "r_")}
                rh = Mul(rt, h)
            }}"""
    )


_MIXED = """one = Constant <value = float {1.0}> ()
                rest = Sub(one, zt)
                new = Mul(rest, nt)
                kept = Mul(zt, h)
                h1 = Add(new, kept)"""
"""Of the candidate ``nt`` and the old state, in the shares that the update gate ``zt`` says."""


def gru_update(candidate: Activation, clip: float | None) -> Segment:
    """From the update gate, the sum of the candidate and the state to the new state."""
    return formula(
        f"""cell (float[N, H] zt, float[N, H] n, float[N, H] h) => (float[N, H] h1) {{
                ns = Identity(n)
                {_clipped(("n",), clip)}
                nt = {_call(candidate, "n_")}
                {_MIXED}
            }}"""
    )


def gru_update_after(candidate: Activation, clip: float | None) -> Segment:
    """The same where the reset gate acts on the product of the state: ``n`` + ``rt`` * ``m`` is the candidate's sum."""
    return formula(
        f"""cell (float[N, H] zt, float[N, H] rt, float[N, H] n, float[N, H] m, float[N, H] h)
                => (float[N, H] h1) {{
                rm = Mul(rt, m)
                ns = Add(n, rm)
                {_clipped(("n",), clip)}
                nt = {_call(candidate, "n_")}
                {_MIXED}
            }}"""
    )


def rnn_cell(activation: Activation, clip: float | None) -> Segment:
    """From the sum (bias included) to the new state."""
    return formula(
        f"""cell (float[N, H] x) => (float[N, H] h1) {{
                xs = Identity(x)
                {_clipped(("x",), clip)}
                h1 = {_call(activation, "x_")}
            }}"""
    )
