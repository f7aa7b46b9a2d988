"""From a case's name or file to a validated case."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from archsim.errors import InputError
from archsim.text_files import read_text
from archsim.validation.schema import Case

_CASES = Path(__file__).parent / "cases"
_TAGS = ("sums", "peak", "peak-ratio", "product", "part", "run", "ladder", "ratio")


def case_names() -> tuple[str, ...]:
    """Names of the cases that come with archsim."""
    return tuple(sorted(file.stem for file in _CASES.glob("*.yaml")))


def load_case(name_or_path: str) -> Case:
    """Read and validate a case.

    Parameters
    ----------
    name_or_path : str
        A name, or the path of a YAML file.

    Raises
    ------
    InputError
        If there is no such case, or its file cannot be used; it says where and what to do.
    """
    file = _find(name_or_path)
    try:
        document = yaml.safe_load(read_text(file, "case file"))
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"cannot be read: {reason}", where=str(file), remedy="Give a case file in YAML.") from None
    if not isinstance(document, dict):
        raise InputError("there is no mapping of keys here", where=str(file), remedy="Write 'title: ...' and so on.")
    try:
        return Case.model_validate(document)
    except ValidationError as error:
        raise _refused(error, file) from None


def _find(name_or_path: str) -> Path:
    if name_or_path in case_names():
        return _CASES / f"{name_or_path}.yaml"
    file = Path(name_or_path)
    if file.is_file():
        return file
    raise InputError(
        f"there is no case {name_or_path!r}, neither by that name nor as a file",
        where="case",
        remedy=_did_you_mean(name_or_path, case_names(), "Cases"),
    )


def _did_you_mean(word: str, known: Iterable[str], heading: str) -> str:
    names = tuple(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}{heading}: {', '.join(names)}."


def _refused(error: ValidationError, file: Path) -> InputError:
    details = error.errors(include_url=False)
    what, remedy = _worded(details[0])
    more = f" (and {len(details) - 1} more faults)" if len(details) > 1 else ""
    place = ".".join(str(part) for part in details[0]["loc"] if part not in _TAGS)
    return InputError(f"{what}{more}", where=f"{file}: {place}" if place else str(file), remedy=remedy)


def _worded(detail: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    context = detail.get("ctx", {})
    if kind == "refused":
        return str(context["what"]), str(context["remedy"])
    if kind == "missing":
        return f"{key!r} is missing", f"Add {key} to the file."
    if kind == "extra_forbidden":
        return (
            f"unknown key {key!r}",
            "Remove it, or correct its spelling; the cases that come with archsim show all keys.",
        )
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return "what is asked is not understood", f"Write ask: one of {', '.join(_TAGS)}."
    if kind in ("enum", "literal_error"):
        return f"{detail['input']!r} is not understood", f"Choose {context['expected']}."
    return detail["msg"], "Correct it; the cases that come with archsim show what is meant."
