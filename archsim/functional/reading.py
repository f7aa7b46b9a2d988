"""From what the importer says of a node to what computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.functional.codes import integers, numbers
from archsim.functional.contraction import ContractionProduct, contraction
from archsim.functional.convolution import ConvolutionProduct, convolution
from archsim.functional.product import Multiply, Product, Tensors, checked, constant, where
from archsim.functional.recurrence import recurrence
from archsim.functional.runtime import F32, Tensor
from archsim.functional.weights import WeightMatrix
from archsim.network import Contraction, Convolution, ProductSpec, RecurrentCell


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """One product with its bias: scale x product + bias_scale x bias, both digitally.

    Parameters
    ----------
    spec : ProductSpec
    product : ContractionProduct or ConvolutionProduct
    """

    spec: ProductSpec
    product: ContractionProduct | ConvolutionProduct

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return (self.product.matrix,)

    def __call__(self, tensors: Tensors, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        data = _data(self.spec, checked(self.spec, tensors(self.spec.data), self.product.fixed_axes), tensors)
        made = np.float32(self.spec.scale) * self.product(data, multiply, batch_axis)
        if self.spec.bias and self.spec.bias_scale:
            made = self.product.with_bias(made, np.float32(self.spec.bias_scale) * self._bias(tensors))
        return (_result(self.spec, made, tensors),)

    def _bias(self, tensors: Tensors) -> F32:
        """The bias; that of integers counts in steps of data times weights."""
        bias, codes = np.asarray(tensors(self.spec.bias), np.float32), self.spec.quantisation
        if codes is None:
            return bias
        steps = [np.asarray(tensors(own.scale), np.float32) for own in (codes.data, codes.weight) if own.scale]
        return np.asarray(np.prod(np.broadcast_arrays(bias, *steps), axis=0), np.float32) if steps else bias


def _data(spec: ProductSpec, value: Tensor, tensors: Tensors) -> F32:
    if spec.quantisation is None:
        return np.asarray(value, np.float32)
    axis = spec.form.positions[-1] if isinstance(spec.form, Contraction) and spec.form.positions else 0
    return numbers(spec.quantisation.data, value, tensors, axis)


def _weight(spec: ProductSpec, tensors: Tensors) -> F32:
    value = tensors(spec.weights[0])
    if spec.quantisation is None:
        return constant(spec, value)
    axis = spec.form.columns[-1] if isinstance(spec.form, Contraction) and spec.form.columns else 0
    return numbers(spec.quantisation.weight, value, tensors, axis)


def _result(spec: ProductSpec, made: F32, tensors: Tensors) -> Tensor:
    """The result in the type that the model has for it."""
    if spec.quantisation is None:
        return np.asarray(made, tensors(spec.data).dtype)
    if spec.quantisation.result is None:
        return np.rint(made).astype(np.int32)
    return integers(spec.quantisation.result, made, tensors, 1 if isinstance(spec.form, Convolution) else -1)


def read_product(spec: ProductSpec, constants: Tensors) -> Product:
    """What computes a node.

    Parameters
    ----------
    spec : ProductSpec
    constants : callable
        Tensors that do not depend on the model's inputs.

    Raises
    ------
    InputError
        If weights are not finite, or of a kind that is not computed.
    """
    match spec.form:
        case RecurrentCell():
            return recurrence(spec, spec.form, constants)
        case Convolution():
            return Linear(spec, convolution(spec.form, _weight(spec, constants), where(spec)))
        case Contraction():
            return Linear(spec, contraction(spec.form, _weight(spec, constants), where(spec)))
