"""Thumbnails: pictures of a file in the usual sizes, or in any other."""

from __future__ import annotations

import re
from typing import Any

from emulator.graph.drives import state
from emulator.graph.drives.documents import size_of_png
from emulator.graph.drives.downloads import download_url
from emulator.graph.drives.errors import NoSuchItem
from emulator.graph.drives.files import has_thumbnails
from emulator.graph.drives.service import item, thumbnails
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.reading import property_path
from emulator.graph.engine.target import Target
from emulator.odata.types import PropertyType
from emulator.schema import schema
from emulator.store import Changes, Entity

_SIZES = {"small": 96, "medium": 176, "large": 800}
_CUSTOM = re.compile(r"c(\d{1,4})x(\d{1,4})(_crop)?", re.IGNORECASE)
_USUAL_SHAPE = (4, 3)
_LARGEST = 2048


class ThumbnailSet(Entity):
    """The pictures of one file; of sizes that nobody declared, too."""

    def __init__(self, call: Call, source: Entity) -> None:
        super().__init__(schema().kind("thumbnailSet"), {"id": "0"}, Changes())
        self.state |= {"call": call, "item": source}

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        """A picture by the name of its size."""
        size = self.size(name)
        if size is None:
            return super().get(name, default)
        width, height = size
        address = download_url(self.state["call"], self.state["item"], f"picture:{width}x{height}")
        return {"height": height, "url": address, "width": width}

    def size(self, name: str) -> tuple[int, int] | None:
        """Width and height of the picture of this name, if there is such a one."""
        shape = size_of_png(state.content_of(self.state["item"]).data) or _USUAL_SHAPE
        if name in _SIZES:
            return _within(shape, _SIZES[name], _SIZES[name])
        custom = _CUSTOM.fullmatch(name)
        if custom is None:
            return None
        width, height = (max(1, min(int(side), _LARGEST)) for side in custom.groups()[:2])
        return (width, height) if custom[3] else _within(shape, width, height)


@item.navigation("thumbnails")
def sets(call: Call, entity: Entity) -> list[Entity]:
    """One set, for the files of which pictures can be drawn."""
    if not state.is_file(entity) or not has_thumbnails(entity["name"]) or not state.content_of(entity).size:
        return []
    return [ThumbnailSet(call, entity)]


@thumbnails.hook("named")
def named(name: str) -> PropertyType | None:
    """`c300x400_crop` is a size as good as `small`."""
    return schema().kind("thumbnail") if _CUSTOM.fullmatch(name) else None


@thumbnails.hook("read")
def read_content(_: Call, target: Target) -> Answer:
    """`/content` of a size."""
    found = target.thing.get(property_path(target)[0])
    if not isinstance(found, dict):
        raise NoSuchItem
    return Answer(None, 302, {"Location": found["url"]})


def _within(shape: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """The largest size of this shape that fits."""
    scale = min(width / shape[0], height / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
