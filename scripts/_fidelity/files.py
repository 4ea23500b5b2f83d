"""What samples of drives need: files and folders where a path leads, and where a search or delta looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from emulator.graph.engine.plan import Plan, ToPath
from emulator.odata.types import Structured
from scripts._fidelity.samples import Sample

ITEM = "microsoft.graph.driveItem"
CREATED = 201
_DRIVE = "microsoft.graph.drive"
_FACETS = ("bundle", "folder", "file")


def facets_of(shown: Any, kind: Structured) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    """Whether a drive's item is a folder, a file or a bundle, as the sample shows."""
    if kind.name != ITEM or not isinstance(shown, Mapping):
        return {}
    return next(({name: {}} for name in _FACETS if name in shown), {})


def all_facets(answer: Any, kind: Structured) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON values
    """What the things in a list are, each kind once."""
    items = answer.get("value") if isinstance(answer, Mapping) else None
    found = [facets_of(item, kind) for item in items] if isinstance(items, list) else []
    return [one for number, one in enumerate(found) if one and one not in found[:number]]


def new_file_folder(sample: Sample, plan: Plan) -> str | None:
    """The folder of a file that a request makes where its path says, by content or by an upload session."""
    place = next((index for index, step in enumerate(plan.steps) if isinstance(step, ToPath)), None)
    opens = plan.operation is not None and plan.operation.name == "createuploadsession"
    if place is None or not (opens or (sample.method == "PUT" and sample.status == CREATED)):
        return None
    start, _, file = sample.path.strip("/").partition(":/")
    above = file.partition(":")[0].rpartition("/")[0]
    return f"{start}:/{above}:" if above else start


def searched_place(place: str, plan: Plan) -> str | None:
    """Where the things lie that a search or delta of a folder, or of a whole drive, finds."""
    if plan.operation is None or plan.operation.name not in {"delta", "search"}:
        return None
    folder = {_DRIVE: f"{place}/root", ITEM: place}.get(plan.kind.name)
    return None if folder is None else f"{folder}/children"


def words_searched(sample: Sample) -> str:
    """What a search in a path asks for."""
    return unquote(sample.path).rpartition("(")[2].partition("=")[2].strip("')")
