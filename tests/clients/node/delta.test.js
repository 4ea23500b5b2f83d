// What has changed since last time: people and messages.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { app, cloud, everything, signedIn, unique } from "./cloud.js";

const all = app();
const me = await signedIn(cloud.person);

async function changes(on, link) {
  const { found, deltaLink } = await everything(on, await on.api(link).get());
  return [new Map(found.map((item) => [item.id, item])), deltaLink];
}

test("a new, a changed and a deleted person are told in turn", async () => {
  let [found, link] = await changes(all, "/users/delta?$select=displayName,jobTitle");
  assert.ok(found.has(cloud.person.id));
  const mailNickname = `new.${randomUUID().slice(0, 13)}`;
  const passwordProfile = { password: `Aa1!${randomUUID()}` };
  const userPrincipalName = `${mailNickname}@${cloud.domain}`;
  const account = { accountEnabled: true, displayName: "Imke Sand", mailNickname, userPrincipalName, passwordProfile };
  const { id } = await all.api("/users").post(account);
  [found, link] = await changes(all, link);
  assert.equal(found.get(id).displayName, "Imke Sand");
  await all.api(`/users/${id}`).patch({ jobTitle: "Controller" });
  [found, link] = await changes(all, link);
  assert.equal(found.get(id).jobTitle, "Controller");
  await all.api(`/users/${id}`).delete();
  [found, link] = await changes(all, link);
  assert.deepEqual(found.get(id)["@removed"], { reason: "changed" });
});

test("a new, a read and a deleted message are told in turn", async () => {
  const folder = await me.api("/me/mailFolders").post({ displayName: unique("Watched") });
  const messages = `/me/mailFolders/${folder.id}/messages`;
  let [found, link] = await changes(me, `${messages}/delta?$select=subject,isRead`);
  assert.equal(found.size, 0);
  const { id, isRead } = await me.api(messages).post({ subject: unique("Watched") });
  [found, link] = await changes(me, link);
  assert.ok(found.get(id).subject.startsWith("Watched"));
  await me.api(`/me/messages/${id}`).patch({ isRead: !isRead });
  [found, link] = await changes(me, link);
  assert.equal(found.get(id).isRead, !isRead);
  await me.api(`/me/messages/${id}`).delete();
  [found, link] = await changes(me, link);
  assert.deepEqual(found.get(id)["@removed"], { reason: "deleted" });
  await me.api(`/me/mailFolders/${folder.id}`).delete();
});
