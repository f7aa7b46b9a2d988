"""What a run came to, as text, tables, JSON and files. Nothing here prints."""

from archsim.report.costs import models_of, parameter_table, quote_notes, quote_table
from archsim.report.datasheet import chip_facts, source_facts, source_table
from archsim.report.files import TableFormat, ledger_tables, prepare_directory, write_results, write_table
from archsim.report.firings import firing_table
from archsim.report.inventory import network_facts, network_table, network_view
from archsim.report.notes import run_notes
from archsim.report.records import json_text, records
from archsim.report.summary import Question, Summary, to_json
from archsim.report.table import frame_table, names, plain_table, prose
from archsim.report.text import run_report
from archsim.report.totals import component_totals, layer_totals, resource_totals
from archsim.report.whereabouts import placement_facts, placement_json, placement_table, placement_view

__all__ = [
    "Question",
    "Summary",
    "TableFormat",
    "chip_facts",
    "component_totals",
    "firing_table",
    "frame_table",
    "json_text",
    "layer_totals",
    "ledger_tables",
    "models_of",
    "names",
    "network_facts",
    "network_table",
    "network_view",
    "parameter_table",
    "placement_facts",
    "placement_json",
    "placement_table",
    "placement_view",
    "plain_table",
    "prepare_directory",
    "prose",
    "quote_notes",
    "quote_table",
    "records",
    "resource_totals",
    "run_notes",
    "run_report",
    "source_facts",
    "source_table",
    "to_json",
    "write_results",
    "write_table",
]
