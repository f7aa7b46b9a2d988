"""One chip's piece of a pass that several share, and the steps of all of them together."""

from __future__ import annotations

from dataclasses import replace

from archsim.machine.stepped import Operands, Product, Spent, Steps, Way


def piece_of(product: Product) -> Product:
    """What one chip multiplies of a product that several share: the largest piece, as all wait for it.

    By columns, a chip has matrices of its own where there are several, else columns of the one. By vectors it has all
    weights and some of the vectors; of products of two activations, those of its own samples.
    """
    shared = product.shared
    if shared is None:
        return product
    chips, operands = shared.chips, product.operands
    apart = product.groups > 1 if shared.way is Way.COLUMNS else not product.constant and product.groups % chips == 0
    if apart:
        return replace(product, groups=_share(product.groups, chips), operands=_shared(operands, chips), shared=None)
    if shared.way is Way.COLUMNS:
        part = _shared(operands, chips, inputs=False)
        return replace(product, columns=_share(product.columns, chips), operands=part, shared=None)
    part = _shared(operands, chips, weights=False)
    return replace(product, vectors=_share(product.vectors, chips), operands=part, shared=None)


def together(steps: Steps, spent: tuple[Spent, ...], chips: int) -> Steps:
    """Steps of one of several chips, with what all of them fetch, send and spend.

    Parameters
    ----------
    steps : Steps
        Of one.
    spent : tuple of Spent
        Of all.
    chips : int
    """
    return replace(
        steps, inputs=steps.inputs * chips, weights=steps.weights * chips, outputs=steps.outputs * chips, spent=spent
    )


def _share(whole: int, chips: int) -> int:
    return -(-whole // chips)


def _shared(operands: Operands, chips: int, *, inputs: bool = True, weights: bool = True) -> Operands:
    """One chip's operands: its share of the results and, where it has only one, of inputs and of weights."""
    of_inputs, of_weights = chips if inputs else 1, chips if weights else 1
    return Operands(
        inputs=_share(operands.inputs, of_inputs),
        weights=_share(operands.weights, of_weights),
        outputs=_share(operands.outputs, chips),
        inputs_fetched=_share(operands.inputs_fetched, of_inputs),
        weights_fetched=_share(operands.weights_fetched, of_weights),
        outputs_written=_share(operands.outputs_written, chips),
        room=operands.room // chips,
    )
