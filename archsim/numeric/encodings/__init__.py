"""Weight encodings: normalised weights to states of cells and back."""

from archsim.numeric.encodings.corrected import CorrectedPairs
from archsim.numeric.encodings.differential import DifferentialPair
from archsim.numeric.encodings.encoding import Encoding, Plane, all_planes, decode, partial_decode
from archsim.numeric.encodings.offset import OffsetCell
from archsim.numeric.encodings.redundant import RedundantPairs
from archsim.numeric.encodings.reference import SharedReference
from archsim.numeric.encodings.significance import SignificancePairs, dual_pair
from archsim.numeric.encodings.slices import BitSlices

__all__ = [
    "BitSlices",
    "CorrectedPairs",
    "DifferentialPair",
    "Encoding",
    "OffsetCell",
    "Plane",
    "RedundantPairs",
    "SharedReference",
    "SignificancePairs",
    "all_planes",
    "decode",
    "dual_pair",
    "partial_decode",
]
