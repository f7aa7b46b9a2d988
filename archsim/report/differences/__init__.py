"""Two runs, or two chips, beside each other: which figures moved, and what moved them."""

from archsim.report.differences.chips import ChipRecord, chip_record, chips_document
from archsim.report.differences.record import RunRecord, read_record, run_record
from archsim.report.differences.runs import runs_document

__all__ = ["ChipRecord", "RunRecord", "chip_record", "chips_document", "read_record", "run_record", "runs_document"]
