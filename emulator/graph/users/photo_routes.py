"""Profile photos over HTTP, of people and groups: the picture, what is known of it, and its smaller sizes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from emulator.faults import GraphFault, InvalidRequest, UserUnknownToMail
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Workload
from emulator.graph.users.pictures import dimensions, media_type, portrait
from emulator.schema import schema
from emulator.store import Entity

_SIZES = (48, 64, 96, 120, 240, 360, 432, 504, 648)
_USUAL = 648
_LARGEST = 4 * 1024 * 1024
_CONTENT, _SEED = "content", "seed"


class PhotoMissing(GraphFault):
    """Nobody has put a photo there."""

    status = 404
    code = "ImageNotFound"
    message = "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown."


PROFILES = replace(
    EXCHANGE, name="profiles", not_found=lambda _: PhotoMissing(), unknown_user=UserUnknownToMail, has_etags=False
)
photos = Workload("photos", PROFILES)
photo = photos.type("profilePhoto", default=("id", "height", "width"))
user = photos.type("user")
group = photos.type("group")


@user.navigation("photos")
@group.navigation("photos")
def sizes(call: Call, owner: Entity) -> list[Entity]:
    """The photo in every size that is not larger than the original."""
    own = owner.ones.get("photo")
    if own is None:
        return []
    largest = int(own.get("width") or _USUAL)
    return [_sized(call, owner, own, size) for size in _SIZES if size <= max(largest, _SIZES[0])]


def _sized(call: Call, owner: Entity, own: Entity, size: int) -> Entity:
    values = {"id": f"{size}x{size}", "height": size, "width": size}
    one = call.tenant.store.entity(schema().kind("profilePhoto"), values)
    one.owner = owner
    one.state.update(own.state)
    return one


@photo.hook("read")
def read(_: Call, target: Target) -> Answer:
    """The picture; a photo that nobody uploaded is drawn."""
    content = _content(target.thing)
    return Answer(content, headers={"Content-Type": media_type(content) or "image/jpeg"})


@photo.hook("annotations")
def described(shown: Shown) -> dict[str, str]:
    """What kind of picture it is, and which."""
    content = _content(shown.entity)
    digest = hashlib.sha256(content).hexdigest()[:32].upper()
    return {"@odata.mediaContentType": media_type(content) or "image/jpeg", "@odata.mediaEtag": f'"{digest}"'}


@photo.hook("write")
def write(call: Call, target: Target) -> Answer:
    """PUT and PATCH replace the picture, DELETE removes it."""
    owner = target.owner
    if owner is None:
        raise PhotoMissing
    if call.method == "DELETE":
        return _removed(owner)
    content = call.body
    if not content:
        raise InvalidRequest("The photo is missing from the request.", code="ErrorInvalidArgument")
    if len(content) > _LARGEST:
        raise InvalidRequest("The photo is larger than 4 MB.", code="ErrorImageSizeExceeded")
    if media_type(content) is None:
        raise InvalidRequest("The content is not a picture in a known format.", code="ErrorInvalidImageFormat")
    width, height = dimensions(content) or (_USUAL, _USUAL)
    values = {"id": f"{width}x{height}", "height": height, "width": width}
    one = call.tenant.store.entity(schema().kind("profilePhoto"), values)
    one.state[_CONTENT] = content
    owner.put_one("photo", one)
    owner.touch()
    return Answer(status=200)


@photo.hook("delete")
def delete(_call: Call, entity: Entity, _target: Target) -> None:
    """The photo as a whole."""
    if entity.owner is not None:
        _removed(entity.owner)


def draw(owner: Entity) -> Entity:
    """Give somebody a photo that is drawn when it is looked at."""
    values = {"id": f"{_USUAL}x{_USUAL}", "height": _USUAL, "width": _USUAL}
    one = Entity(schema().kind("profilePhoto"), values, owner.changes)
    one.state[_SEED] = owner.id
    one.owner = owner
    owner.ones["photo"] = one
    return one


def _removed(owner: Entity) -> Answer:
    if owner.ones.pop("photo", None) is None:
        raise PhotoMissing
    owner.touch()
    return NO_CONTENT


def _content(entity: Entity) -> bytes:
    uploaded: bytes | None = entity.state.get(_CONTENT)
    return uploaded or portrait(str(entity.state.get(_SEED, entity.id)), min(int(entity.get("width") or 48), 240))
