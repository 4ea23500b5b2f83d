// Several requests in one, with the client's batch classes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { BatchRequestContent, BatchResponseContent } from "@microsoft/microsoft-graph-client";

import { cloud, signedIn, unique } from "./cloud.js";

const me = await signedIn(cloud.person);
const json = { "Content-Type": "application/json" };

// Only what follows the host is sent along.
function step(id, path, options = {}, ...dependsOn) {
  const request = new Request(`https://graph.microsoft.com${path}`, options);
  return dependsOn.length ? { id, request, dependsOn } : { id, request };
}

function posting(body) {
  return { method: "POST", headers: json, body: JSON.stringify(body) };
}

async function answers(...steps) {
  const body = await new BatchRequestContent(steps).getContent();
  return new BatchResponseContent(await me.api("/$batch").post(body));
}

test("each request has its own answer", async () => {
  const found = await answers(step("who", "/me"), step("mail", "/me/messages?$top=2"), step("wrong", "/me/messages/x"));
  assert.equal((await found.getResponseById("who").json()).id, cloud.person.id);
  assert.equal((await found.getResponseById("mail").json()).value.length, 2);
  assert.equal(found.getResponseById("wrong").status, 400);
  assert.equal((await found.getResponseById("wrong").json()).error.code, "ErrorInvalidIdMalformed");
});

test("a request waits for the one that it depends on", async () => {
  const displayName = unique("Batch");
  const make = step("make", "/me/mailFolders", posting({ displayName }));
  const path = `/me/mailFolders?$filter=displayName eq '${displayName}'`;
  const found = await answers(make, step("find", path, {}, "make"));
  const { value } = await found.getResponseById("find").json();
  assert.equal(found.getResponseById("make").status, 201);
  assert.deepEqual(value.map((folder) => folder.displayName), [displayName]);
  await me.api(`/me/mailFolders/${value[0].id}`).delete();
});

test("what depends on a failure fails", async () => {
  const found = await answers(step("wrong", "/me/messages/x"), step("next", "/me", {}, "wrong"));
  assert.equal(found.getResponseById("next").status, 424);
});

test("more than twenty requests are refused", async () => {
  const requests = Array.from({ length: 21 }, (_, number) => ({ id: `${number}`, method: "GET", url: "/me" }));
  await assert.rejects(me.api("/$batch").post({ requests }), { statusCode: 400, message: /20/ });
});
