"""What a placed model computes: matrix layers on the numeric crossbar, every other operator by ONNX Runtime.

A model is cut at the nodes whose weights are on arrays. The segments between them run as ONNX Runtime sessions; the
products go block by block through ``archsim.numeric``, exactly as they are placed. Partial sums, biases, scales and
drift compensation are digital and exact (but for ``CrossbarSettings.scale_bits``).

Products of integers (QLinearConv and the like) are computed with the numbers that the integers stand for, and rounded
as the operator says. Not computed: nodes inside If and Loop that are on arrays. Rounding of digital units, of partial
sums and of activations in buffers is not modelled: they are float32.
"""

from archsim.functional.activity import Activity, LayerActivity, measured_activity, with_activity
from archsim.functional.arrays import Arrays, program_arrays
from archsim.functional.conductances import load_conductances, save_conductances
from archsim.functional.crossbar_settings import Compensation, Ranges, crossbar_settings
from archsim.functional.data_set import DataSet, read_data_set, shapes_in_data
from archsim.functional.device_models import ChipDevice, DeviceModel, chip_devices
from archsim.functional.evaluation import TIMES_S, Plan, Scores, evaluate, layer_table, spread
from archsim.functional.execution import Execution, execute, program_model
from archsim.functional.metrics import Metric, accuracy, load_metric
from archsim.functional.model import Model, prepare, prepared
from archsim.functional.spiking import Fired, RateModel, calibrated, fire, rate_model
from archsim.functional.zeros import LayerZeros, measured_zeros, with_zeros

__all__ = [
    "TIMES_S",
    "Activity",
    "Arrays",
    "ChipDevice",
    "Compensation",
    "DataSet",
    "DeviceModel",
    "Execution",
    "Fired",
    "LayerActivity",
    "LayerZeros",
    "Metric",
    "Model",
    "Plan",
    "Ranges",
    "RateModel",
    "Scores",
    "accuracy",
    "calibrated",
    "chip_devices",
    "crossbar_settings",
    "evaluate",
    "execute",
    "fire",
    "layer_table",
    "load_conductances",
    "load_metric",
    "measured_activity",
    "measured_zeros",
    "prepare",
    "prepared",
    "program_arrays",
    "program_model",
    "rate_model",
    "read_data_set",
    "save_conductances",
    "shapes_in_data",
    "spread",
    "with_activity",
    "with_zeros",
]
