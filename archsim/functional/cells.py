"""Arithmetic of recurrent cells, as small ONNX graphs: what the digital unit does between two products.

Equations: the ONNX operators LSTM (14), GRU (14) and RNN (14).
"""

from __future__ import annotations

from dataclasses import dataclass

from archsim.functional.runtime import Segment, formula
from archsim.network.onnx_import.node import Node

_WITH_ALPHA = {"LeakyRelu": 0.01, "ThresholdedRelu": 1.0, "Elu": 1.0}
_PLAIN = frozenset({"Sigmoid", "Tanh", "Relu", "Softsign", "Softplus", "HardSigmoid", *_WITH_ALPHA})


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function of a cell.

    Parameters
    ----------
    kind : str
        ONNX operator.
    attributes : str
        Its attributes in ONNX's text form, empty for none.
    """

    kind: str
    attributes: str = ""

    def __call__(self, argument: str) -> str:
        """The call, in ONNX's text form."""
        return f"{self.kind}{self.attributes}({argument})"


def activations(node: Node, defaults: tuple[str, ...], direction: int) -> tuple[Activation, ...]:
    """Activations of one direction.

    Raises
    ------
    InputError
        If one is not an ONNX operator of its own.
    """
    kinds = node.texts("activations") or defaults * (direction + 1)
    alphas, betas = list(node.numbers("activation_alpha") or ()), list(node.numbers("activation_beta") or ())
    found = [_activation(node, kind, alphas, betas) for kind in kinds]
    return tuple(found[direction * len(defaults) : (direction + 1) * len(defaults)])


def _activation(node: Node, kind: str, alphas: list[float], betas: list[float]) -> Activation:
    """The next activation; takes the coefficients that belong to it off the lists."""
    name = next((known for known in _PLAIN if known.lower() == kind.lower()), None)
    if name is None:
        raise node.fault(
            f"its activation {kind!r} is not computed", f"Use one of {', '.join(sorted(_PLAIN))}, or separate nodes."
        )
    if name == "HardSigmoid":
        alpha, beta = (alphas.pop(0) if alphas else 0.2), (betas.pop(0) if betas else 0.5)
        return Activation(name, f" <alpha: float = {alpha:.9f}, beta: float = {beta:.9f}> ")
    if name in _WITH_ALPHA:
        alpha = alphas.pop(0) if alphas else _WITH_ALPHA[name]
        return Activation(name, f" <alpha: float = {alpha:.9f}> ")
    return Activation(name)


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
                it = {gate("i_")}
                ft = {gate("f_")}
                gt = {candidate("g_")}
                kept = Mul(ft, c)
                new = Mul(it, gt)
                c1 = Add(kept, new)
                oc = Mul(po, c1)
                os = Add(o, oc)
                {_clipped(("o",), None) if clip is None else "o_ = Clip(os, low, high)"}
                ot = {gate("o_")}
                shown = {output("c1")}
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
                zt = {gate("z_")}
                rt = {gate("r_")}
                rh = Mul(rt, h)
            }}"""
    )


def gru_update(candidate: Activation, clip: float | None) -> Segment:
    """From the update gate, the sum of the candidate and the state to the new state."""
    return formula(
        f"""cell (float[N, H] zt, float[N, H] n, float[N, H] h) => (float[N, H] h1) {{
                ns = Identity(n)
                {_clipped(("n",), clip)}
                nt = {candidate("n_")}
                one = Constant <value = float {{1.0}}> ()
                rest = Sub(one, zt)
                new = Mul(rest, nt)
                kept = Mul(zt, h)
                h1 = Add(new, kept)
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
                nt = {candidate("n_")}
                one = Constant <value = float {{1.0}}> ()
                rest = Sub(one, zt)
                new = Mul(rest, nt)
                kept = Mul(zt, h)
                h1 = Add(new, kept)
            }}"""
    )


def rnn_cell(activation: Activation, clip: float | None) -> Segment:
    """From the sum (bias included) to the new state."""
    return formula(
        f"""cell (float[N, H] x) => (float[N, H] h1) {{
                xs = Identity(x)
                {_clipped(("x",), clip)}
                h1 = {activation("x_")}
            }}"""
    )
