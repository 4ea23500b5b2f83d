// Microsoft's Graph client and @azure/identity as their users have them; only host and trusted certificate differ.
import { randomUUID } from "node:crypto";

import { AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential } from "@azure/identity";
import { Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

// run.py started the emulator and says here where it is.
export const cloud = JSON.parse(process.env.CLOUD);

const graph = "https://graph.microsoft.com";
const redirect = "http://localhost";
const names = ["User.Read", "Mail.ReadWrite", "Mail.Send", "Files.ReadWrite", "Calendars.ReadWrite", "Calendars.Read.Shared"];
const scopes = names.map((name) => `${graph}/${name}`);
const place = { authorityHost: cloud.base, disableInstanceDiscovery: true };

export function client(credential, wanted) {
  return Client.initWithMiddleware({
    authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: wanted }),
    baseUrl: cloud.base,
    customHosts: new Set(["localhost"]),
  });
}

export function app(secret = cloud.secret) {
  return client(new ClientSecretCredential(cloud.tenant, cloud.app, secret, place), [`${graph}/.default`]);
}

// Somebody who signed in with a browser.
export async function signedIn(account) {
  const asked = { client_id: cloud.publicApp, response_type: "code", redirect_uri: redirect };
  const scope = [...scopes, "offline_access"].join(" ");
  const chosen = { person: account.id, decision: "accept" };
  const body = new URLSearchParams({ ...asked, scope, ...chosen });
  const url = `${cloud.base}/${cloud.tenant}/oauth2/v2.0/authorize`;
  const answer = await fetch(url, { method: "POST", body, redirect: "manual" });
  const code = new URL(answer.headers.get("location")).searchParams.get("code");
  return client(new AuthorizationCodeCredential(cloud.tenant, cloud.publicApp, code, redirect, place), scopes);
}

// Somebody who typed a code on another machine.
export function withDeviceCode(account) {
  const userPromptCallback = ({ verificationUri, userCode }) => {
    const body = new URLSearchParams({ user_code: userCode, person: account.id, decision: "accept" });
    return fetch(verificationUri, { method: "POST", body });
  };
  const options = { ...place, tenantId: cloud.tenant, clientId: cloud.publicApp, userPromptCallback };
  return client(new DeviceCodeCredential(options), scopes);
}

export async function everything(on, firstPage) {
  const found = [];
  const pages = new PageIterator(on, firstPage, (item) => found.push(item) > 0);
  await pages.iterate();
  return { found, deltaLink: pages.getDeltaLink() };
}

export const unique = (words) => `${words} ${randomUUID().slice(0, 13)}`;
export const to = (...addresses) => addresses.map((address) => ({ emailAddress: { address } }));

// A full hour, so many days from now, in UTC.
export function moment(days, hour = 9) {
  const when = new Date(Date.now() + days * 86_400_000);
  when.setUTCHours(hour, 0, 0, 0);
  return when;
}

export const zoned = (when) => ({ dateTime: when.toISOString().slice(0, 19), timeZone: "UTC" });
