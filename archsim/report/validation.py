"""Validation for readers: a document, and the pages of ``reports/validation``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure as Drawing
from pydantic import JsonValue

from archsim.report.document import Bullets, Document, Paragraph, Part, Section, names, numbers, prose, section, table
from archsim.report.files import write_text
from archsim.report.ladder import (
    ladder_data,
    ladder_facts,
    ladder_figure,
    ladder_rows,
    ladder_table,
    signed_percent,
    svg_text,
)
from archsim.report.markdown import pipe_table, written
from archsim.report.quantities import counted, engineering, significant
from archsim.report.records import json_text
from archsim.validation import DIMENSIONS, Claim, Climbed, Outcome, Row, Shown, Verdict

COMMAND = "archsim validate --out reports/validation"
"""What renews the pages."""

MOST_LETTERS = 80
"""Of a row's name in a figure; longer ones are cut."""
_MET, _MISSED = "#3b6ea5", "#c4572e"
_CLIP = 0.6
_PROVES = {
    Claim.PREDICTION: "no input was made from the published value: agreement is validation",
    Claim.SUM: "the parts are published and so is what the paper makes of them: agreement proves the arithmetic",
    Claim.IDENTITY: "an input was derived from the published value: agreement proves units and counting",
    Claim.RESTATED: "the simulated number of another row in other units: shown, and neither judged nor counted",
    Claim.BAND: "inputs were varied between what other silicon's publications say: met where the band holds the value "
    "and is no wider than allowed",
    Claim.WHAT_IF: "an input was varied that nobody has published, to see what hangs on it: not judged",
}


def validation_document(outcomes: Sequence[Outcome]) -> Document:
    """All cases, and how many rows are met."""
    verdict = section(Paragraph(verdict_line(outcomes)))
    return Document((*map(_case, outcomes), verdict), validation_data(outcomes))


def _case(outcome: Outcome) -> Section:
    rows = outcome.rows
    misses = tuple(f"{_place(row)}: {row.published.miss}" for row in explained(rows))
    parts: list[Part] = [
        Paragraph(f"{outcome.name}: {outcome.case.title}"),
        table(
            "",
            names("question", (row.question.name for row in rows)),
            names("figure", (_figure(row) for row in rows)),
            numbers("published", (row.published.value for row in rows)),
            names("", (row.published.mark.value for row in rows)),
            numbers("simulated", (simulated_text(row) for row in rows)),
            numbers("error", (signed_percent(row.error) for row in rows)),
            numbers("allowed", (row.published.tolerance for row in rows)),
            names("kind", (row.published.kind.value for row in rows)),
            names("", (row.verdict.value for row in rows)),
        ),
        *([Bullets(misses)] if misses else []),
    ]
    if outcome.shown:
        parts.append(
            table(
                "Not published, for the record",
                names("question", (one.question.name for one in outcome.shown)),
                names("figure", (one.figure.value for one in outcome.shown)),
                numbers("simulated", (shown_text(one) for one in outcome.shown)),
            )
        )
    if outcome.case.not_modelled:
        missing = outcome.case.not_modelled
        parts.append(
            table(
                "Published, not modelled yet",
                names("what", (one.what for one in missing)),
                prose("published", (f"{one.value} ({one.mark.value})" for one in missing)),
                prose("why", (one.why for one in missing)),
            )
        )
    return section(*parts)


def verdict_line(outcomes: Sequence[Outcome]) -> str:
    """How many rows of each kind are met, and how many missed."""
    rows = [row for outcome in outcomes for row in outcome.rows]
    parts = []
    for kind in (Claim.IDENTITY, Claim.SUM, Claim.PREDICTION):
        mine = [row for row in rows if row.published.kind is kind]
        met = sum(row.verdict in (Verdict.MET, Verdict.SURPRISE) for row in mine)
        parts.append(f"{met} of {counted(len(mine), kind.value)}")
    return "met: " + ", ".join(parts).replace("identitys", "identities")


def simulated_text(row: Row) -> str:
    """The simulated value in the published one's unit; of a band both ends, and how far they lie apart."""
    if row.ends is not None:
        low, high = (significant(end.number) for end in row.ends)
        return f"{low} to {high} {row.simulated.unit} ({row.width:.2g} x)"
    return f"{significant(row.simulated.number)} {row.simulated.unit}".strip()


def shown_text(one: Shown) -> str:
    """A figure with its SI unit and a prefix."""
    unit = DIMENSIONS[one.figure].value
    return significant(one.si) if unit in ("count", "1") else engineering(one.si, unit)


def explained(rows: Sequence[Row]) -> list[Row]:
    """Rows whose miss has an explanation, each explanation once."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.published.miss, row)
    return [row for miss, row in first.items() if miss]


def _figure(row: Row) -> str:
    return f"{row.published.figure.value.replace('-', ' ')}, {row.published.label}"


def _place(row: Row) -> str:
    return f"{row.question.name}, {_figure(row)}"


def validation_data(outcomes: Sequence[Outcome]) -> JsonValue:
    """All cases for programs: SI units, in order."""
    return [
        {
            "case": outcome.name,
            "title": outcome.case.title,
            "as_expected": outcome.as_expected,
            "rows": [_row_record(row) for row in outcome.rows],
            "shown": [
                {
                    "question": one.question.name,
                    "figure": one.figure.value,
                    "unit": DIMENSIONS[one.figure].value,
                    "simulated": one.si,
                }
                for one in outcome.shown
            ],
            "not_modelled": [one.model_dump(mode="json") for one in outcome.case.not_modelled],
        }
        for outcome in outcomes
    ]


def _row_record(row: Row) -> JsonValue:
    published = row.published
    return {
        "question": row.question.name,
        "ask": row.question.ask,
        "chip": row.question.chip,
        "figure": published.figure.value,
        "label": published.label,
        "unit": DIMENSIONS[published.figure].value,
        "published": published.measured.si,
        "simulated": row.simulated.si,
        "error": row.error,
        "tolerance": published.allowed,
        "mark": published.mark.value,
        "source": published.source,
        "kind": published.kind.value,
        "verdict": row.verdict.value,
        "explanation": published.miss or None,
    }


def write_validation(directory: Path, outcomes: Sequence[Outcome], *, whole: bool) -> tuple[Path, ...]:
    """Write a page for each case with its figures, and the overview where all cases were run.

    Parameters
    ----------
    directory : Path
    outcomes : sequence of Outcome
    whole : bool
        Whether they are all the cases there are.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    written = []
    for outcome in outcomes:
        written.append(write_text(directory / f"{outcome.name}.md", case_page(outcome)))
        for number, climbed in enumerate(outcome.ladders, start=1):
            stem = f"{outcome.name}-ladder-{number}"
            written.append(write_text(directory / f"{stem}.svg", _waterfall(outcome, climbed)))
            written.append(write_text(directory / f"{stem}.json", json_text(ladder_data(climbed.ladder)) + "\n"))
    if whole:
        written.append(write_text(directory / "errors.svg", error_figure(outcomes)))
        written.append(write_text(directory / "validation.json", json_text(validation_data(outcomes)) + "\n"))
        written.append(write_text(directory / "README.md", overview_page(outcomes)))
    return tuple(written)


def _waterfall(outcome: Outcome, climbed: Climbed) -> str:
    rows = [row for row in outcome.rows if row.question is climbed.question]
    return ladder_figure(climbed.ladder, [(row.published.label, row.published.measured.si) for row in rows])


def case_page(outcome: Outcome) -> str:
    """A case as a Markdown page."""
    case = outcome.case
    parts = [
        f"# {case.title}",
        case.about,
        f"Renewed by `archsim validate {outcome.name} --out reports/validation`. How to read it: [README](README.md).",
        "## What went in",
        _markdown(
            ("input", "value", "mark", "source"),
            [(one.what, one.value, one.mark.value, one.source) for one in case.inputs],
        ),
        "## Published beside simulated",
        _rows_markdown(outcome.rows),
        *_misses(outcome),
        *_questions(outcome),
        *_ladders(outcome),
        *_shown(outcome),
        *_not_modelled(outcome),
    ]
    return "\n\n".join(parts) + "\n"


def _rows_markdown(rows: Sequence[Row]) -> str:
    return _markdown(
        ("question", "figure", "published", "mark", "simulated", "error", "allowed", "kind", "verdict"),
        [
            (
                row.question.name,
                f"{_figure(row)}; {row.published.note}".removesuffix("; "),
                row.published.value,
                row.published.mark.value,
                simulated_text(row),
                signed_percent(row.error),
                row.published.tolerance,
                row.published.kind.value,
                _emphasised(row.verdict),
            )
            for row in rows
        ],
    )


def _emphasised(verdict: Verdict) -> str:
    return verdict.value if verdict in (Verdict.MET, Verdict.NOT_JUDGED) else f"**{verdict.value}**"


def _misses(outcome: Outcome) -> list[str]:
    found = explained(outcome.rows)
    if not found:
        return []
    return ["## Why it misses", "\n".join(f"* *{_place(row)}*: {row.published.miss}" for row in found)]


def _questions(outcome: Outcome) -> list[str]:
    """How each question is asked, so that it can be repeated."""
    lines = []
    for question in outcome.case.questions:
        changes = ", ".join(f"`{change}`" for change in question.overrides)
        changed = f" with {changes}" if changes else ""
        why = f" {question.why}" if question.why else ""
        sources = "; ".join(dict.fromkeys(one.source for one in question.published))
        source = f" Published: {sources}." if sources else ""
        lines.append(f"* *{question.name}*: {question.ask} of `{question.chip}`{changed}.{why}{source}")
    return ["## How each question is asked", "\n".join(lines)]


def _ladders(outcome: Outcome) -> list[str]:
    parts = []
    for number, climbed in enumerate(outcome.ladders, start=1):
        ladder = climbed.ladder
        title = f"## {climbed.question.name.capitalize()}: {ladder.network} on {ladder.chip}"
        picture = f"![Efficiency ladder]({outcome.name}-ladder-{number}.svg)"
        parts += [title, f"{ladder_facts(ladder).capitalize()}.", written(ladder_table(ladder_rows(ladder))), picture]
    return parts


def _shown(outcome: Outcome) -> list[str]:
    if not outcome.shown:
        return []
    rows = [(one.question.name, one.figure.value, shown_text(one)) for one in outcome.shown]
    return ["## Simulated, with nothing published to compare", _markdown(("question", "figure", "simulated"), rows)]


def _not_modelled(outcome: Outcome) -> list[str]:
    if not outcome.case.not_modelled:
        return []
    rows = [(one.what, one.value, one.mark.value, one.why) for one in outcome.case.not_modelled]
    return ["## Published, not modelled yet", _markdown(("what", "published", "mark", "why"), rows)]


def overview_page(outcomes: Sequence[Outcome]) -> str:
    """The overview as a Markdown page."""
    rows = [(outcome.name, row) for outcome in outcomes for row in outcome.rows]
    kinds = "\n".join(f"* *{kind.value.capitalize()}*: {words}." for kind, words in _PROVES.items())
    predictions = [(name, row) for name, row in rows if row.published.kind is Claim.PREDICTION]
    parts = [
        "# archsim against published chips",
        f"Renewed by `{COMMAND}`. Every case is a file in `archsim/validation/cases`.",
        f"{verdict_line(outcomes).capitalize()}.",
        "Marks of published values: P read in the paper, S second-hand, D arithmetic on others, U unverified. Kinds:",
        kinds,
        "## Predictions",
        _markdown(
            ("case", "figure", "published", "mark", "simulated", "error", "allowed", "verdict"),
            [
                (
                    f"[{name}]({name}.md)",
                    _place(row),
                    row.published.value,
                    row.published.mark.value,
                    simulated_text(row),
                    signed_percent(row.error),
                    row.published.tolerance,
                    _emphasised(row.verdict),
                )
                for name, row in predictions
            ],
        ),
        "![Errors of the predictions](errors.svg)",
        "## Cases",
        _markdown(
            ("case", "what", "rows", "met", "not modelled yet"),
            [
                (
                    f"[{outcome.name}]({outcome.name}.md)",
                    outcome.case.title,
                    str(len(outcome.rows)),
                    str(sum(row.verdict is Verdict.MET for row in outcome.rows)),
                    str(len(outcome.case.not_modelled)),
                )
                for outcome in outcomes
            ],
        ),
        "## Misses",
        "\n".join(
            f"* *{outcome.name}, {_place(row)}*: {row.published.miss}"
            for outcome in outcomes
            for row in explained(outcome.rows)
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return pipe_table(headings, [[cell.replace("|", "\\|") for cell in row] for row in rows])


def error_figure(outcomes: Sequence[Outcome]) -> str:
    """The error of every prediction as a bar over the band that is allowed, as SVG text."""
    rows = [(outcome.name, row) for outcome in outcomes for row in outcome.rows]
    rows = [(name, row) for name, row in rows if row.published.kind is Claim.PREDICTION]
    drawing = Drawing(figsize=(9, 1.0 + 0.22 * len(rows)), layout="constrained")
    axes = drawing.subplots()
    for place, (_, row) in enumerate(rows):
        shown = max(-_CLIP, min(_CLIP, row.error))
        axes.barh(place, row.published.allowed * 2, left=-row.published.allowed, color="#dde6f0", height=0.8)
        axes.barh(place, shown, color=_MET if row.verdict is Verdict.MET else _MISSED, height=0.4)
        if shown != row.error:
            axes.annotate(signed_percent(row.error), (shown, place), va="center", fontsize=7)
    axes.set_yticks(range(len(rows)), [f"{name}: {_place(row)}"[:MOST_LETTERS] for name, row in rows], fontsize=6)
    axes.set_xlim(-_CLIP - 0.05, _CLIP + 0.15)
    axes.set_xticks([-0.5, -0.25, 0, 0.25, 0.5], ["-50 %", "-25 %", "0", "+25 %", "+50 %"])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_title("Predictions: simulated over published, less one; bands: allowed", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return svg_text(drawing)
