"""The Program that engines run, its verifier and text form, and the Trace that they return."""

from archsim.program.names import actor_name, channel_name, resource_name, resource_names
from archsim.program.tables import (
    Actions,
    Actors,
    Channels,
    Kind,
    Labels,
    Program,
    Resources,
    Role,
    Samples,
    Series,
)
from archsim.program.text import text_lines, to_text
from archsim.program.trace import Extrapolated, FiringLog, Rests, Trace
from archsim.program.verify import verify

__all__ = [
    "Actions",
    "Actors",
    "Channels",
    "Extrapolated",
    "FiringLog",
    "Kind",
    "Labels",
    "Program",
    "Resources",
    "Rests",
    "Role",
    "Samples",
    "Series",
    "Trace",
    "actor_name",
    "channel_name",
    "resource_name",
    "resource_names",
    "text_lines",
    "to_text",
    "verify",
]
