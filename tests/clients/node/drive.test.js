// Files: folders, small and large uploads, downloads in whole and in part.
import assert from "node:assert/strict";
import { test } from "node:test";

import { OneDriveLargeFileUploadTask, ResponseType } from "@microsoft/microsoft-graph-client";

import { cloud, everything, signedIn, unique } from "./cloud.js";

const me = await signedIn(cloud.person);

async function bytes(path, headers = {}) {
  return Buffer.from(await me.api(path).headers(headers).responseType(ResponseType.ARRAYBUFFER).get());
}

function put(path, content) {
  return me.api(`/me/drive/root:/${encodeURI(path)}:/content`).header("Content-Type", "text/plain").put(content);
}

test("a small file is put, read in whole and in part, and deleted", async () => {
  const name = `${unique("note")}.txt`;
  const made = await put(name, "0123456789");
  assert.deepEqual([made.name, made.size, made.file.mimeType], [name, 10, "text/plain"]);
  const content = `/me/drive/items/${made.id}/content`;
  assert.equal((await bytes(content)).toString(), "0123456789");
  assert.equal((await bytes(content, { Range: "bytes=2-5" })).toString(), "2345");
  await me.api(`/me/drive/items/${made.id}`).delete();
  await assert.rejects(me.api(`/me/drive/items/${made.id}`).get(), { statusCode: 404, code: "itemNotFound" });
});

test("a download link needs no token", async () => {
  const made = await put(`${unique("note")}.txt`, "0123456789");
  const item = await me.api(`/me/drive/items/${made.id}`).get();
  const answer = await fetch(item["@microsoft.graph.downloadUrl"]);
  assert.equal(await answer.text(), "0123456789");
  await me.api(`/me/drive/items/${made.id}`).delete();
});

test("a folder is made, filled and listed", async () => {
  const name = unique("Plans");
  const folder = await me.api("/me/drive/root/children").post({ name, folder: {} });
  for (const number of [0, 1, 2]) await put(`${name}/sheet ${number}.txt`, "scale 1:50");
  const { found } = await everything(me, await me.api(`/me/drive/root:/${encodeURI(name)}:/children`).top(2).get());
  assert.deepEqual(found.map((item) => item.name).sort(), ["sheet 0.txt", "sheet 1.txt", "sheet 2.txt"]);
  await me.api(`/me/drive/items/${folder.id}`).delete();
});

test("a name that is taken is refused, replaced or changed", async () => {
  const name = unique("Plans");
  const make = (conflict) =>
    me.api("/me/drive/root/children").post({ name, folder: {}, "@microsoft.graph.conflictBehavior": conflict });
  const first = await make("fail");
  await assert.rejects(make("fail"), { statusCode: 409, code: "nameAlreadyExists" });
  const second = await make("rename");
  assert.notEqual(second.name, name);
  for (const { id } of [first, second]) await me.api(`/me/drive/items/${id}`).delete();
});

test("a file that others changed is not overwritten", async () => {
  const made = await put(`${unique("note")}.txt`, "one");
  await me.api(`/me/drive/items/${made.id}`).patch({ description: "first" });
  const late = me.api(`/me/drive/items/${made.id}`).header("If-Match", made.eTag).patch({ description: "second" });
  await assert.rejects(late, { statusCode: 412 });
  await me.api(`/me/drive/items/${made.id}`).delete();
});

test("a large file is uploaded in slices", async () => {
  const content = new Uint8Array(2 * 327_680 + 1000).map((_, position) => position % 251);
  const fileName = `${unique("film")}.bin`;
  const slices = [];
  const uploadEventHandlers = { progress: (range) => slices.push([range.minValue, range.maxValue]) };
  const options = { fileName, path: "/", rangeSize: 327_680, conflictBehavior: "replace", uploadEventHandlers };
  const task = await OneDriveLargeFileUploadTask.create(me, content, options);
  const { responseBody } = await task.upload();
  assert.deepEqual([responseBody.name, responseBody.size], [fileName, content.length]);
  assert.deepEqual(slices, [[0, 327_679], [327_680, 655_359], [655_360, 656_359]]);
  assert.ok((await bytes(`/me/drive/items/${responseBody.id}/content`)).equals(Buffer.from(content)));
  await me.api(`/me/drive/items/${responseBody.id}`).delete();
});

test("an upload that stopped half way goes on where it was, and can be given up", async () => {
  const content = new Uint8Array(2 * 327_680).fill(7);
  const options = { fileName: `${unique("film")}.bin`, rangeSize: 327_680 };
  const task = await OneDriveLargeFileUploadTask.create(me, content, options);
  await task.uploadSlice(content.slice(0, 327_680), { minValue: 0, maxValue: 327_679 }, content.length);
  const status = await task.getStatus();
  assert.match(status.nextExpectedRanges[0], /^327680-/);
  const { responseBody } = await task.resume();
  assert.equal(responseBody.size, content.length);
  await me.api(`/me/drive/items/${responseBody.id}`).delete();
  const other = await OneDriveLargeFileUploadTask.create(me, content, options);
  assert.equal((await other.cancel()).status, 204);
});
