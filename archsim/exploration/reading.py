"""Study files: where they are, and what is read from them."""

from __future__ import annotations

from collections.abc import Hashable
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from archsim.errors import InputError
from archsim.exploration.faults import keys_of, refused
from archsim.exploration.schema import NetworkPart, Study
from archsim.exploration.space import beside
from archsim.text_files import read_text

SHIPPED = Path(__file__).parent / "studies"


def shipped_studies() -> tuple[str, ...]:
    """Names of the studies that come with archsim."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.yaml")))


def find_study(name_or_path: str | Path) -> Path:
    """The file of a study that comes with archsim, or of a path.

    Raises
    ------
    InputError
        If there is neither.
    """
    file = Path(name_or_path)
    if file.exists():
        return file
    if str(name_or_path) in shipped_studies():
        return SHIPPED / f"{name_or_path}.yaml"
    raise InputError(
        f"there is no study file {str(name_or_path)!r}",
        where="STUDY",
        remedy=f"Give a YAML file, or one of: {', '.join(shipped_studies())} (archsim show study NAME prints it).",
    )


def read_study(file: Path) -> Study:
    """Read a study file; the chip and the files that it names are relative to it.

    Raises
    ------
    InputError
        If it cannot be read, or says something that no study can.
    """
    try:
        text = StringIO(read_text(file, "study file"))
        text.name = str(file)
        data = yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"is no YAML: {error}", where=str(file), remedy="Correct it there.") from None
    return _beside_file(described(data, str(file)), file.parent)


def described(data: object, where: str = "study") -> Study:
    """A study from its plain data.

    Raises
    ------
    InputError
    """
    if not isinstance(data, dict):
        raise InputError("a study is a mapping of keys", where=where, remedy=f"Its keys: {', '.join(keys_of(Study))}.")
    networks = data.get("networks")
    if isinstance(networks, list) and (odd := [name for name in networks if not isinstance(name, str)]):
        raise InputError(
            f"a {type(odd[0]).__name__} is no name of a network",
            where=f"{where}: networks",
            remedy="Give the name of a network, or of an ONNX file.",
        )
    if isinstance(networks, list) and (twins := [name for name in networks if networks.count(name) > 1]):
        raise InputError(
            f"{twins[0]!r} stands there twice",
            where=f"{where}: networks",
            remedy=f"Name it once; if it should count more, {{{twins[0]}: {{weight: 2}}}}.",
        )
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise refused(error, where) from None


class _Loader(yaml.SafeLoader):
    """Of two keys of the same name, YAML's own loader keeps the last and says nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are all different."""
        seen: dict[object, yaml.Node] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            name = (key.tag, key.value)
            if name in seen:
                raise _given_twice(key, seen[name])
            seen[name] = key
        return super().construct_mapping(node, deep=deep)


def _given_twice(key: yaml.ScalarNode, before: yaml.Node) -> InputError:
    mark = key.start_mark
    return InputError(
        f"the key {key.value!r} is given twice (before: line {before.start_mark.line + 1})",
        where=f"{mark.name}:{mark.line + 1}",
        remedy="Keep one of the two.",
    )


def _beside_file(study: Study, folder: Path) -> Study:
    """The study with the files that lie beside it named from here."""
    networks = {name: _beside_network(name, part, folder) for name, part in study.networks.items()}
    changed: dict[str, object] = {"chip": beside(study.chip, folder), "networks": networks}
    if study.baseline is not None:
        changed["baseline"] = beside(study.baseline, folder)
    if study.accuracy is not None:
        files = {"model": beside(study.accuracy.model, folder)}
        if study.accuracy.data is not None:
            files["data"] = beside(study.accuracy.data, folder)
        changed["accuracy"] = study.accuracy.model_copy(update=files)
    return study.model_copy(update=changed)


def _beside_network(name: str, part: NetworkPart, folder: Path) -> NetworkPart:
    return part.model_copy(update={"model": beside(part.model or name, folder)})
