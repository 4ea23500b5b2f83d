"""Mail through the SDK: reading, sending, answering, drafts, folders, attachments small and large."""

from __future__ import annotations

import pytest
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.importance import Importance
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import (
    MessagesRequestBuilder as FolderMessages,
)
from msgraph.generated.users.item.messages.item.attachments.create_upload_session import (
    create_upload_session_post_request_body as upload_body,
)
from msgraph.generated.users.item.messages.item.create_reply_all.create_reply_all_post_request_body import (
    CreateReplyAllPostRequestBody as AnswerAll,
)
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.messages.item.reply.reply_post_request_body import ReplyPostRequestBody
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import Cloud
from tests.clients.support import asking, code_of, everything, sure, text, to, unique, upload

Query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
InFolder = FolderMessages.MessagesRequestBuilderGetQueryParameters
MANY_BYTES = bytes(range(256)) * 13_000  # 3.3 MB, more than one request may carry


async def called(client: GraphServiceClient, folder: str, subject: str) -> list[Message]:
    """The messages of a folder with this subject."""
    messages = client.me.mail_folders.by_mail_folder_id(folder).messages
    return sure(sure(await messages.get(asking(InFolder(filter=f"subject eq '{subject}'")))).value)


async def sent(client: GraphServiceClient, subject: str, address: str) -> None:
    letter = Message(subject=subject, body=text("Is the rail on the truck?"), to_recipients=to(address))
    await client.me.send_mail.post(SendMailPostRequestBody(message=letter, save_to_sent_items=True))


async def drafted(client: GraphServiceClient, subject: str, *addresses: str) -> str:
    letter = Message(subject=subject, body=text("To be finished."), to_recipients=to(*addresses))
    made = sure(await client.me.messages.post(letter))
    name: str = sure(made.id)
    assert made.is_draft
    return name


async def test_the_newest_messages_come_first(me: GraphServiceClient) -> None:
    query = InFolder(top=5, select=["subject", "from", "receivedDateTime"], orderby=["receivedDateTime desc"])
    page = sure(await me.me.mail_folders.by_mail_folder_id("inbox").messages.get(asking(query)))
    moments = [sure(message.received_date_time) for message in sure(page.value)]
    assert len(moments) == 5
    assert moments == sorted(moments, reverse=True)
    assert all(sure(sure(message.from_).email_address).address for message in sure(page.value))


async def test_a_filter_chooses_among_messages(me: GraphServiceClient) -> None:
    page = sure(await me.me.messages.get(asking(Query(filter="isRead eq false", top=50, select=["isRead"]))))
    assert page.value
    assert not any(message.is_read for message in page.value)


async def test_the_page_iterator_finds_every_message_of_a_folder_once(me: GraphServiceClient) -> None:
    inbox = me.me.mail_folders.by_mail_folder_id("inbox")
    found = await everything(me, await inbox.messages.get(asking(InFolder(top=25, select=["id"]))))
    assert len({message.id for message in found}) == len(found) == sure(await inbox.get()).total_item_count


async def test_a_body_is_text_on_request(me: GraphServiceClient) -> None:
    page = sure(await me.me.messages.get(asking(Query(top=1), Prefer='outlook.body-content-type="text"')))
    body = sure(sure(page.value)[0].body)
    assert body.content_type is BodyType.Text
    assert "<html" not in sure(body.content)


async def test_a_sent_message_arrives_and_is_kept(
    me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud
) -> None:
    subject = unique("Rail on the truck")
    await sent(me, subject, cloud.colleague.upn)
    (arrived,) = await called(them, "inbox", subject)
    assert sure(sure(arrived.from_).email_address).address == cloud.person.upn
    assert not arrived.is_read
    assert len(await called(me, "sentitems", subject)) == 1


async def test_an_answer_joins_the_conversation(me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud) -> None:
    subject = unique("Rail on the truck")
    await sent(me, subject, cloud.colleague.upn)
    (question,) = await called(them, "inbox", subject)
    await them.me.messages.by_message_id(sure(question.id)).reply.post(ReplyPostRequestBody(comment="It is."))
    (answer,) = await called(me, "inbox", f"RE: {subject}")
    (asked,) = await called(me, "sentitems", subject)
    assert "It is." in sure(sure(answer.body).content)
    assert answer.conversation_id == asked.conversation_id


async def test_a_draft_is_changed_and_then_sent(me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud) -> None:
    subject = unique("Open points")
    draft = me.me.messages.by_message_id(await drafted(me, subject))
    changed = sure(await draft.patch(Message(importance=Importance.High, to_recipients=to(cloud.colleague.upn))))
    assert changed.importance is Importance.High
    await draft.send.post()
    (arrived,) = await called(them, "inbox", subject)
    assert arrived.importance is Importance.High
    assert await called(me, "drafts", subject) == []


async def test_a_prepared_answer_is_a_draft(me: GraphServiceClient) -> None:
    page = sure(await me.me.mail_folders.by_mail_folder_id("inbox").messages.get(asking(InFolder(top=1))))
    (message,) = sure(page.value)
    draft = sure(await me.me.messages.by_message_id(sure(message.id)).create_reply_all.post(AnswerAll()))
    assert draft.is_draft
    assert sure(draft.subject).lower().startswith("re: ")
    assert draft.to_recipients
    await me.me.messages.by_message_id(sure(draft.id)).delete()


async def test_a_moved_message_has_another_id(me: GraphServiceClient) -> None:
    folder = sure(await me.me.mail_folders.post(MailFolder(display_name=unique("Rails"))))
    old = await drafted(me, unique("To be filed"))
    moved = sure(await me.me.messages.by_message_id(old).move.post(MovePostRequestBody(destination_id=folder.id)))
    assert moved.id != old
    assert moved.parent_folder_id == folder.id
    with pytest.raises(ODataError) as refused:
        await me.me.messages.by_message_id(old).get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (404, "ErrorItemNotFound")
    assert sure(await me.me.mail_folders.by_mail_folder_id(sure(folder.id)).get()).total_item_count == 1


async def test_a_folder_is_made_renamed_and_deleted(me: GraphServiceClient) -> None:
    inbox = me.me.mail_folders.by_mail_folder_id("inbox")
    made = sure(await inbox.child_folders.post(MailFolder(display_name=unique("Fittings"))))
    folder = me.me.mail_folders.by_mail_folder_id(sure(made.id))
    name = unique("Fixtures")
    assert sure(await folder.patch(MailFolder(display_name=name))).display_name == name
    with pytest.raises(ODataError) as refused:
        await inbox.child_folders.post(MailFolder(display_name=name))
    assert (refused.value.response_status_code, code_of(refused.value)) == (409, "ErrorFolderExists")
    await folder.delete()
    children = await everything(me, await inbox.child_folders.get())
    assert made.id not in [child.id for child in children]


async def test_a_deleted_message_lies_in_deleted_items(me: GraphServiceClient) -> None:
    subject = unique("Never mind")
    await me.me.messages.by_message_id(await drafted(me, subject)).delete()
    assert len(await called(me, "deleteditems", subject)) == 1


async def test_a_small_attachment_goes_along(me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud) -> None:
    subject = unique("Drawing")
    draft = me.me.messages.by_message_id(await drafted(me, subject, cloud.colleague.upn))
    file = FileAttachment(name="sheet.txt", content_type="text/plain", content_bytes=b"scale 1:50")
    made = sure(await draft.attachments.post(file))
    assert (made.name, made.content_type) == ("sheet.txt", "text/plain")
    await draft.send.post()
    (arrived,) = await called(them, "inbox", subject)
    assert arrived.has_attachments
    attachments = sure(await them.me.messages.by_message_id(sure(arrived.id)).attachments.get())
    (received,) = sure(attachments.value)
    assert isinstance(received, FileAttachment)
    assert received.content_bytes == b"scale 1:50"


async def test_a_large_attachment_is_uploaded_in_a_session(me: GraphServiceClient) -> None:
    draft = me.me.messages.by_message_id(await drafted(me, unique("Plan")))
    item = AttachmentItem(attachment_type=AttachmentType.File, name="plan.bin", size=len(MANY_BYTES))
    body = upload_body.CreateUploadSessionPostRequestBody(attachment_item=item)
    session = sure(await draft.attachments.create_upload_session.post(body))
    assert sure(session.next_expected_ranges)[0].startswith("0")
    # Outlook names where the next slice starts and not where it ends, which this task cannot read: one slice, then.
    await upload(me, session, MANY_BYTES, 4 * 1024 * 1024, FileAttachment)
    (found,) = sure(sure(await draft.attachments.get()).value)
    assert isinstance(found, FileAttachment)
    assert (found.name, found.content_bytes) == ("plan.bin", MANY_BYTES)
    await draft.delete()
