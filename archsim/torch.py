"""archsim in PyTorch: modules whose weights live on a chip's arrays. Needs the extra ``training``.

>>> module = archsim.torch.on_chip(module, "nature2018-training")  # doctest: +SKIP
>>> optimizer = archsim.torch.Sgd(module, 0.01)  # doctest: +SKIP
"""

from archsim.training.extra import require_torch

require_torch()

from archsim.training.conversion import HardwareAware, OnChip, Sgd, hardware_aware, on_chip  # noqa: E402 - only once PyTorch is known to be there

__all__ = ["HardwareAware", "OnChip", "Sgd", "hardware_aware", "on_chip"]
