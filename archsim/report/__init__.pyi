"""What was found, as documents, and documents as text, tables, JSON and files. Nothing here prints."""

from .checking import check_document, chip_check
from .costs import models_of, parameter_table, quote_notes, quote_table
from .datasheet import chip_facts, source_facts, source_table
from .document import Document, Section, Table, Verbatim, names, numbers, prose, section, table
from .files import (
    PAGE,
    RUN_FILES,
    TableFormat,
    ledger_tables,
    results_directory,
    write_results,
    write_table,
    write_text,
)
from .firings import firing_table
from .inventory import network_document, network_facts, network_table
from .notes import run_notes
from .plain import plain_table
from .program import program_document
from .question import Question
from .records import csv_text, json_text
from .summary import Summary, summary_data
from .text import run_report
from .totals import component_totals, layer_totals, resource_totals
from .whereabouts import placement_document, placement_facts, placement_table

__all__ = [
    "PAGE",
    "RUN_FILES",
    "Document",
    "Question",
    "Section",
    "Summary",
    "Table",
    "TableFormat",
    "Verbatim",
    "check_document",
    "chip_check",
    "chip_facts",
    "component_totals",
    "csv_text",
    "firing_table",
    "json_text",
    "layer_totals",
    "ledger_tables",
    "models_of",
    "names",
    "network_document",
    "network_facts",
    "network_table",
    "numbers",
    "parameter_table",
    "placement_document",
    "placement_facts",
    "placement_table",
    "plain_table",
    "program_document",
    "prose",
    "quote_notes",
    "quote_table",
    "resource_totals",
    "results_directory",
    "run_notes",
    "run_report",
    "section",
    "source_facts",
    "source_table",
    "summary_data",
    "table",
    "write_results",
    "write_table",
    "write_text",
]
