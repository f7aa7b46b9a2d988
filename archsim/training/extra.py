"""PyTorch, which training needs and the rest of archsim does not."""

from __future__ import annotations

from importlib.util import find_spec

from archsim.errors import InputError


def require_torch() -> None:
    """Refuse to go on without PyTorch.

    Raises
    ------
    InputError
        If it is not installed.
    """
    if find_spec("torch") is None:
        raise InputError(
            "training takes its gradients from PyTorch, which is not installed",
            where="archsim train",
            remedy="Install it: pip install 'archsim[training]'.",
        )
