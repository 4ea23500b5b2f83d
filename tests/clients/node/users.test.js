// People: lists, pages, one person from hiring to leaving, managers, photos.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { ResponseType } from "@microsoft/microsoft-graph-client";

import { app, cloud, everything, signedIn, withDeviceCode } from "./cloud.js";

const all = app();
const pixel = Buffer.from(
  "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/" +
    "wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==",
  "base64",
);

function hired(displayName = "Noemi Brandt") {
  const mailNickname = `new.${randomUUID().slice(0, 13)}`;
  const userPrincipalName = `${mailNickname}@${cloud.domain}`;
  const passwordProfile = { forceChangePasswordNextSignIn: true, password: `Aa1!${randomUUID()}` };
  return all.api("/users").post({ accountEnabled: true, displayName, mailNickname, userPrincipalName, passwordProfile });
}

test("an authorization code signs a person in", async () => {
  const me = await signedIn(cloud.person);
  assert.equal((await me.api("/me").get()).userPrincipalName, cloud.person.upn);
});

test("a device code signs a person in", async () => {
  const user = await withDeviceCode(cloud.colleague).api("/me").get();
  assert.equal(user.id, cloud.colleague.id);
});

test("a page has as many people as asked for", async () => {
  const page = await all.api("/users").top(3).select(["id", "displayName"]).get();
  assert.equal(page.value.length, 3);
  assert.deepEqual(Object.keys(page.value[0]).sort(), ["displayName", "id"]);
  assert.ok(page["@odata.nextLink"].startsWith(`${cloud.base}/v1.0/users?`));
});

test("the page iterator finds everybody once", async () => {
  const first = await all.api("/users").header("ConsistencyLevel", "eventual").count(true).top(7).select("id").get();
  const { found } = await everything(all, first);
  assert.ok(found.length >= 30);
  assert.equal(new Set(found.map((user) => user.id)).size, found.length);
});

test("people can be filtered and ordered", async () => {
  const request = all.api("/users").header("ConsistencyLevel", "eventual").count(true);
  const page = await request.filter("startsWith(displayName,'M')").orderby("displayName desc").get();
  const names = page.value.map((user) => user.displayName);
  assert.equal(page["@odata.count"], names.length);
  assert.ok(names.length > 1 && names.every((name) => name.startsWith("M")));
  assert.deepEqual(names, [...names].sort().reverse());
});

test("an account is made, changed and deleted", async () => {
  const made = await hired();
  await all.api(`/users/${made.id}`).patch({ jobTitle: "Lighting Planner", department: "Projects" });
  await all.api(`/users/${made.id}`).patch({ department: null });
  const changed = await all.api(`/users/${made.id}`).select(["displayName", "jobTitle", "department"]).get();
  assert.equal(changed.displayName, "Noemi Brandt");
  assert.equal(changed.jobTitle, "Lighting Planner");
  assert.equal(changed.department, null);
  await all.api(`/users/${made.id}`).delete();
  await assert.rejects(all.api(`/users/${made.id}`).get(), { statusCode: 404, code: "Request_ResourceNotFound" });
});

test("a manager is assigned and taken away", async () => {
  const { id } = await hired();
  await all.api(`/users/${id}/manager/$ref`).put({ "@odata.id": `${cloud.base}/v1.0/users/${cloud.person.id}` });
  const user = await all.api(`/users/${id}`).select("id").expand("manager($select=id)").get();
  assert.equal(user.manager.id, cloud.person.id);
  await all.api(`/users/${id}/manager/$ref`).delete();
  await assert.rejects(all.api(`/users/${id}/manager`).get(), { statusCode: 404 });
  await all.api(`/users/${id}`).delete();
});

test("a photo comes back as it was sent", async () => {
  const photo = `/users/${cloud.person.id}/photo/$value`;
  await all.api(photo).header("Content-Type", "image/jpeg").put(pixel);
  const bytes = Buffer.from(await all.api(photo).responseType(ResponseType.ARRAYBUFFER).get());
  assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
});
