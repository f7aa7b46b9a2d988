"""A run's figures as matplotlib axes, each with the data that it shows.

>>> import archsim
>>> from archsim import figures
>>> drawn = figures.waterfall(archsim.simulate("mlp-hermes", "pcm-mesh-14nm"))
>>> drawn.frame["step"].iloc[0]
'peak tile'
"""

from archsim.figures.comparison import comparison, gains
from archsim.figures.drawn import Drawn, save
from archsim.figures.plan import QUANTITIES, floorplan
from archsim.figures.shares import area, energy, layers, sensitivity, waterfall
from archsim.figures.time import buffers, critical_path, pipeline

__all__ = [
    "QUANTITIES",
    "Drawn",
    "area",
    "buffers",
    "comparison",
    "critical_path",
    "energy",
    "floorplan",
    "gains",
    "layers",
    "pipeline",
    "save",
    "sensitivity",
    "waterfall",
]
