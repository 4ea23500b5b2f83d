// What Graph refuses arrives as the client's GraphError, with status, code, message and the request's id.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { app, cloud, signedIn } from "./cloud.js";

const all = app();
const me = await signedIn(cloud.person);

async function refusal(request) {
  return request.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
}

test("a stranger is not found", async () => {
  const name = randomUUID();
  const error = await refusal(all.api(`/users/${name}`).get());
  assert.equal(error.statusCode, 404);
  assert.equal(error.code, "Request_ResourceNotFound");
  assert.ok(error.message.includes(name));
  assert.equal(error.requestId, error.headers.get("request-id"));
  assert.ok(Math.abs(error.date - Date.now()) < 36 * 3_600_000);
});

test("a throttled call is made again after the wait", async () => {
  const trouble = { status: 429, retryAfter: 1, times: 2, path: `/users/${cloud.colleague.id}` };
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ graph: [trouble] }) };
  await fetch(`${cloud.base}/_emulator/calls`, { method: "DELETE" });
  assert.equal((await fetch(`${cloud.base}/_emulator/faults`, sent)).status, 200);
  const person = await all.api(`/users/${cloud.colleague.id}`).get();
  assert.equal(person.userPrincipalName, cloud.colleague.upn);
  const { calls } = await (await fetch(`${cloud.base}/_emulator/calls`)).json();
  assert.deepEqual(calls.map((call) => call.status), [429, 429, 200]);
});

test("an unreadable filter is a bad request", async () => {
  const error = await refusal(all.api("/users").filter("displayName ~ 'x'").get());
  assert.equal(error.statusCode, 400);
  assert.match(error.code, /^(Request_)?BadRequest$/);
});

test("a missing permission is denied", async () => {
  const error = await refusal(me.api("/groups").get());
  assert.deepEqual([error.statusCode, error.code], [403, "Authorization_RequestDenied"]);
});

test("the mailbox of somebody else is closed", async () => {
  const error = await refusal(me.api(`/users/${cloud.colleague.id}/messages`).get());
  assert.deepEqual([error.statusCode, error.code], [403, "ErrorAccessDenied"]);
});

test("an id that is none is malformed", async () => {
  const error = await refusal(me.api("/me/messages/not-an-id").get());
  assert.deepEqual([error.statusCode, error.code], [400, "ErrorInvalidIdMalformed"]);
});

test("a segment that nobody knows is a bad request", async () => {
  const error = await refusal(me.api("/me/luminaires").get());
  assert.deepEqual([error.statusCode, error.code], [400, "BadRequest"]);
  assert.ok(error.message.includes("luminaires"));
});

test("a wrong secret is refused by Entra", async () => {
  await assert.rejects(app("wrong").api("/users").get(), /AADSTS7000215/);
});
