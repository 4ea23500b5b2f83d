// Mail: reading, sending, answering, drafts, folders, attachments small and large.
import assert from "node:assert/strict";
import { test } from "node:test";

import { FileUpload, LargeFileUploadTask } from "@microsoft/microsoft-graph-client";

import { cloud, everything, signedIn, to, unique } from "./cloud.js";

const me = await signedIn(cloud.person);
const them = await signedIn(cloud.colleague);

async function called(on, folder, subject) {
  return (await on.api(`/me/mailFolders/${folder}/messages`).filter(`subject eq '${subject}'`).get()).value;
}

function sent(subject, address) {
  const body = { contentType: "Text", content: "Is the rail on the truck?" };
  return me.api("/me/sendMail").post({ message: { subject, body, toRecipients: to(address) } });
}

function drafted(subject, ...addresses) {
  return me.api("/me/messages").post({ subject, toRecipients: to(...addresses) });
}

test("the newest messages come first", async () => {
  const request = me.api("/me/mailFolders/inbox/messages").top(5).select(["subject", "receivedDateTime"]);
  const moments = (await request.orderby("receivedDateTime desc").get()).value.map((each) => each.receivedDateTime);
  assert.equal(moments.length, 5);
  assert.deepEqual(moments, [...moments].sort().reverse());
});

test("a filter chooses among messages", async () => {
  const page = await me.api("/me/messages").filter("isRead eq false").top(50).select("isRead").get();
  assert.ok(page.value.length > 0 && page.value.every((message) => message.isRead === false));
});

test("the page iterator finds every message of a folder once", async () => {
  const { found } = await everything(me, await me.api("/me/mailFolders/inbox/messages").top(25).select("id").get());
  assert.equal(new Set(found.map((message) => message.id)).size, found.length);
  assert.ok(found.length > 25);
});

test("a sent message arrives, and its answer joins the conversation", async () => {
  const subject = unique("Rail on the truck");
  await sent(subject, cloud.colleague.upn);
  const [question] = await called(them, "inbox", subject);
  assert.equal(question.from.emailAddress.address, cloud.person.upn);
  await them.api(`/me/messages/${question.id}/reply`).post({ comment: "It is." });
  const [asked] = await called(me, "sentitems", subject);
  const [answer] = await called(me, "inbox", `RE: ${subject}`);
  assert.ok(answer.body.content.includes("It is."));
  assert.equal(answer.conversationId, asked.conversationId);
});

test("a draft is changed and then sent", async () => {
  const subject = unique("Open points");
  const { id, isDraft } = await drafted(subject);
  assert.ok(isDraft);
  await me.api(`/me/messages/${id}`).patch({ importance: "high", toRecipients: to(cloud.colleague.upn) });
  await me.api(`/me/messages/${id}/send`).post();
  const [arrived] = await called(them, "inbox", subject);
  assert.equal(arrived.importance, "high");
  assert.deepEqual(await called(me, "drafts", subject), []);
});

test("a prepared answer can be forwarded on", async () => {
  const subject = unique("Rail on the truck");
  await sent(subject, cloud.colleague.upn);
  const [question] = await called(them, "inbox", subject);
  const draft = await them.api(`/me/messages/${question.id}/createForward`).post({ toRecipients: to(cloud.person.upn) });
  assert.equal(draft.isDraft, true);
  assert.equal(draft.subject.toLowerCase(), `fw: ${subject}`.toLowerCase());
  await them.api(`/me/messages/${draft.id}`).delete();
});

test("a moved message has another id, a copied one a second", async () => {
  const folder = await me.api("/me/mailFolders").post({ displayName: unique("Rails") });
  const { id } = await drafted(unique("To be filed"));
  const copied = await me.api(`/me/messages/${id}/copy`).post({ destinationId: folder.id });
  const moved = await me.api(`/me/messages/${id}/move`).post({ destinationId: folder.id });
  assert.equal(new Set([id, copied.id, moved.id]).size, 3);
  await assert.rejects(me.api(`/me/messages/${id}`).get(), { statusCode: 404, code: "ErrorItemNotFound" });
  assert.equal((await me.api(`/me/mailFolders/${folder.id}`).get()).totalItemCount, 2);
  await me.api(`/me/mailFolders/${folder.id}`).delete();
});

test("a folder is made, renamed and deleted", async () => {
  const made = await me.api("/me/mailFolders/inbox/childFolders").post({ displayName: unique("Fittings") });
  const displayName = unique("Fixtures");
  await me.api(`/me/mailFolders/${made.id}`).patch({ displayName });
  await assert.rejects(me.api("/me/mailFolders/inbox/childFolders").post({ displayName }), { code: "ErrorFolderExists" });
  await me.api(`/me/mailFolders/${made.id}`).delete();
  const { found } = await everything(me, await me.api("/me/mailFolders/inbox/childFolders").get());
  assert.ok(!found.some((folder) => folder.displayName === displayName));
});

test("a small attachment goes along", async () => {
  const subject = unique("Drawing");
  const { id } = await drafted(subject, cloud.colleague.upn);
  const contentBytes = Buffer.from("scale 1:50").toString("base64");
  const file = { "@odata.type": "#microsoft.graph.fileAttachment", name: "sheet.txt", contentBytes };
  await me.api(`/me/messages/${id}/attachments`).post(file);
  await me.api(`/me/messages/${id}/send`).post();
  const [arrived] = await called(them, "inbox", subject);
  const [received] = (await them.api(`/me/messages/${arrived.id}/attachments`).get()).value;
  assert.deepEqual([received.name, received.contentBytes], ["sheet.txt", contentBytes]);
  const raw = await them.api(`/me/messages/${arrived.id}/attachments/${received.id}/$value`).getStream();
  assert.equal(await new Response(raw).text(), "scale 1:50");
});

test("a large attachment is uploaded in slices", async () => {
  const content = new Uint8Array(3_400_000).map((_, position) => position % 251);
  const { id } = await drafted(unique("Plan"));
  const item = { attachmentType: "file", name: "plan.bin", size: content.length };
  const url = `/me/messages/${id}/attachments/createUploadSession`;
  const session = await LargeFileUploadTask.createUploadSession(me, url, { AttachmentItem: item });
  const slices = [];
  const uploadEventHandlers = { progress: (range) => slices.push([range.minValue, range.maxValue]) };
  const file = new FileUpload(content.buffer, item.name, content.length);
  const task = new LargeFileUploadTask(me, file, session, { rangeSize: 1_310_720, uploadEventHandlers });
  const { location } = await task.upload();
  assert.match(location, /\/attachments/i);
  assert.deepEqual(slices, [[0, 1_310_719], [1_310_720, 2_621_439], [2_621_440, 3_399_999]]);
  const [found] = (await me.api(`/me/messages/${id}/attachments`).get()).value;
  assert.equal(found.name, "plan.bin");
  assert.ok(Buffer.from(found.contentBytes, "base64").equals(Buffer.from(content)));
  await me.api(`/me/messages/${id}`).delete();
});

test("an attachment that is too small for a session is refused", async () => {
  const { id } = await drafted(unique("Plan"));
  const item = { attachmentType: "file", name: "note.txt", size: 10 };
  const asked = me.api(`/me/messages/${id}/attachments/createUploadSession`).post({ AttachmentItem: item });
  await assert.rejects(asked, { statusCode: 400, code: "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize" });
  await me.api(`/me/messages/${id}`).delete();
});
