"""Files through the SDK: folders, small and large uploads, downloads in whole and in part."""

from __future__ import annotations

import pytest
from kiota_abstractions.api_error import APIError
from msgraph.generated.drives.item.drive_item_request_builder import DriveItemRequestBuilder
from msgraph.generated.drives.item.items.item.create_upload_session import (
    create_upload_session_post_request_body as upload_body,
)
from msgraph.generated.models.drive_item import DriveItem
from msgraph.generated.models.drive_item_uploadable_properties import DriveItemUploadableProperties
from msgraph.generated.models.folder import Folder
from msgraph.generated.models.item_reference import ItemReference
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.support import asking, code_of, everything, names, sure, unique, upload

SLICE = 320 * 1024
LARGE = bytes(range(251)) * 2000  # a slice and a half


async def drive_of(client: GraphServiceClient) -> DriveItemRequestBuilder:
    return client.drives.by_drive_id(sure(sure(await client.me.drive.get()).id))


async def put(drive: DriveItemRequestBuilder, name: str, content: bytes) -> DriveItem:
    return sure(await drive.items.by_drive_item_id(f"root:/{name}:").content.put(content))


async def test_everybody_has_a_drive(me: GraphServiceClient) -> None:
    drive = sure(await me.me.drive.get())
    assert drive.drive_type == "business"
    assert sure(drive.quota).total
    assert sure(sure(drive.owner).user).display_name


async def test_a_small_file_is_put_read_and_deleted(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("note") + ".txt"
    made = await put(drive, name, b"0123456789")
    assert (made.name, made.size, sure(made.file).mime_type) == (name, 10, "text/plain")
    item = drive.items.by_drive_item_id(sure(made.id))
    assert await item.content.get() == b"0123456789"
    await item.delete()
    with pytest.raises(ODataError) as refused:
        await item.get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (404, "itemNotFound")


async def test_a_part_of_a_file_can_be_downloaded(me: GraphServiceClient) -> None:
    drive = await drive_of(me)
    made = await put(drive, unique("note") + ".txt", b"0123456789")
    item = drive.items.by_drive_item_id(sure(made.id))
    assert await item.content.get(asking(Range="bytes=2-5")) == b"2345"
    await item.delete()


async def test_a_second_put_replaces_the_content(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("note") + ".txt"
    first, second = await put(drive, name, b"one"), await put(drive, name, b"three")
    assert (second.id, second.size) == (first.id, 5)
    assert second.c_tag != first.c_tag
    await drive.items.by_drive_item_id(sure(first.id)).delete()


async def test_a_folder_is_made_filled_and_listed(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("Plans")
    root = drive.items.by_drive_item_id("root")
    folder = sure(await root.children.post(DriveItem(name=name, folder=Folder())))
    for number in range(3):
        await put(drive, f"{name}/sheet {number}.txt", b"scale 1:50")
    children = drive.items.by_drive_item_id(sure(folder.id)).children
    assert names(await everything(me, await children.get())) == [f"sheet {number}.txt" for number in range(3)]
    assert sure(sure(await drive.items.by_drive_item_id(sure(folder.id)).get()).folder).child_count == 3
    assert name in names(await everything(me, await root.children.get()))
    await drive.items.by_drive_item_id(sure(folder.id)).delete()


async def test_a_name_that_is_taken_is_refused_or_changed(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("Plans")
    children = drive.items.by_drive_item_id("root").children
    first = sure(await children.post(DriveItem(name=name, folder=Folder())))
    again = DriveItem(name=name, folder=Folder(), additional_data={"@microsoft.graph.conflictBehavior": "rename"})
    second = sure(await children.post(again))
    assert second.name != name
    assert sure(second.name).startswith(name)
    with pytest.raises(ODataError) as refused:
        await children.post(
            DriveItem(name=name, folder=Folder(), additional_data={"@microsoft.graph.conflictBehavior": "fail"})
        )
    assert (refused.value.response_status_code, code_of(refused.value)) == (409, "nameAlreadyExists")
    for folder in (first, second):
        await drive.items.by_drive_item_id(sure(folder.id)).delete()


async def test_a_file_is_renamed_and_moved(me: GraphServiceClient) -> None:
    drive = await drive_of(me)
    children = drive.items.by_drive_item_id("root").children
    folder = sure(await children.post(DriveItem(name=unique("Plans"), folder=Folder())))
    made = await put(drive, unique("note") + ".txt", b"one")
    moved = DriveItem(name="moved.txt", parent_reference=ItemReference(id=folder.id))
    item = sure(await drive.items.by_drive_item_id(sure(made.id)).patch(moved))
    assert (item.id, item.name, sure(item.parent_reference).id) == (made.id, "moved.txt", folder.id)
    await drive.items.by_drive_item_id(sure(folder.id)).delete()


async def test_a_large_file_is_uploaded_in_a_session(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("film") + ".bin"
    properties = DriveItemUploadableProperties(additional_data={"@microsoft.graph.conflictBehavior": "replace"})
    item = drive.items.by_drive_item_id(f"root:/{name}:")
    body = upload_body.CreateUploadSessionPostRequestBody(item=properties)
    session = sure(await item.create_upload_session.post(body))
    await upload(me, session, LARGE, SLICE, DriveItem)
    assert sure(await item.get()).size == len(LARGE)
    assert await item.content.get() == LARGE
    await item.delete()


async def test_an_upload_session_that_is_cancelled_leaves_nothing(me: GraphServiceClient) -> None:
    drive, name = await drive_of(me), unique("film") + ".bin"
    item = drive.items.by_drive_item_id(f"root:/{name}:")
    body = upload_body.CreateUploadSessionPostRequestBody(item=DriveItemUploadableProperties(name=name))
    session = sure(await item.create_upload_session.post(body))
    url = sure(session.upload_url)
    await item.with_url(url).delete()
    with pytest.raises(APIError) as refused:
        await item.with_url(url).get()
    assert refused.value.response_status_code == 404
    assert name not in names(await everything(me, await drive.items.by_drive_item_id("root").children.get()))
