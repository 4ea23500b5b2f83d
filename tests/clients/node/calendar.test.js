// The calendar: one-off and recurring events, the views of them, invitations, free time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cloud, everything, moment, signedIn, unique, zoned } from "./cloud.js";

const me = await signedIn(cloud.person);
const them = await signedIn(cloud.colleague);
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

function meeting(subject, days, ...invited) {
  const attendees = invited.map((address) => ({ type: "required", emailAddress: { address } }));
  return { subject, start: zoned(moment(days)), end: zoned(moment(days, 10)), attendees };
}

function weekly(subject, days, times) {
  const day = moment(days);
  const pattern = { type: "weekly", interval: 1, daysOfWeek: [weekdays[day.getUTCDay()]] };
  const range = { type: "numbered", startDate: day.toISOString().slice(0, 10), numberOfOccurrences: times };
  return { ...meeting(subject, days), recurrence: { pattern, range } };
}

async function seen(on, subject, days, until) {
  const window = { startDateTime: moment(days, 0).toISOString(), endDateTime: moment(until, 0).toISOString() };
  const { found } = await everything(on, await on.api("/me/calendarView").query(window).top(50).get());
  return found.filter((event) => event.subject === subject);
}

test("an event is made, moved and deleted", async () => {
  const made = await me.api("/me/events").post(meeting(unique("Site walk"), 61));
  assert.equal(made.type, "singleInstance");
  const later = { start: zoned(moment(61, 13)), end: zoned(moment(61, 14)) };
  const moved = await me.api(`/me/events/${made.id}`).patch(later);
  assert.equal(moved.start.dateTime, `${later.start.dateTime}.0000000`);
  assert.equal(moved.start.timeZone, "UTC");
  await me.api(`/me/events/${made.id}`).delete();
  await assert.rejects(me.api(`/me/events/${made.id}`).get(), { statusCode: 404, code: "ErrorItemNotFound" });
});

test("times are told in the zone that is preferred", async () => {
  const { id } = await me.api("/me/events").post(meeting(unique("Site walk"), 62));
  const shown = await me.api(`/me/events/${id}`).header("Prefer", 'outlook.timezone="India Standard Time"').get();
  assert.equal(shown.start.timeZone, "India Standard Time");
  assert.ok(shown.start.dateTime.includes("T14:30:00"));
  await me.api(`/me/events/${id}`).delete();
});

test("a recurring event has instances, and the view shows those of its days", async () => {
  const subject = unique("Project round");
  const series = await me.api("/me/events").post(weekly(subject, 70, 4));
  assert.equal(series.type, "seriesMaster");
  const window = { startDateTime: moment(69).toISOString(), endDateTime: moment(120).toISOString() };
  const { value } = await me.api(`/me/events/${series.id}/instances`).query(window).get();
  assert.deepEqual(value.map((each) => [each.type, each.seriesMasterId]), Array(4).fill(["occurrence", series.id]));
  assert.equal((await seen(me, subject, 70, 80)).length, 2);
  await me.api(`/me/events/${series.id}`).delete();
  assert.deepEqual(await seen(me, subject, 70, 120), []);
});

for (const [verb, response] of [["accept", "accepted"], ["tentativelyAccept", "tentativelyAccepted"]]) {
  test(`${verb} reaches the organizer`, async () => {
    const subject = unique("Acceptance walk");
    const { id } = await me.api("/me/events").post(meeting(subject, 63, cloud.colleague.upn));
    const [invited] = await seen(them, subject, 63, 64);
    assert.equal(invited.isOrganizer, false);
    await them.api(`/me/events/${invited.id}/${verb}`).post({ comment: "I try.", sendResponse: true });
    const { attendees } = await me.api(`/me/events/${id}`).select("attendees").get();
    assert.deepEqual(attendees.map((each) => each.status.response), [response]);
    await me.api(`/me/events/${id}`).delete();
  });
}

test("a declined invitation leaves the calendar", async () => {
  const subject = unique("Acceptance walk");
  const { id } = await me.api("/me/events").post(meeting(subject, 64, cloud.colleague.upn));
  const [invited] = await seen(them, subject, 64, 65);
  await them.api(`/me/events/${invited.id}/decline`).post({ sendResponse: true });
  assert.deepEqual(await seen(them, subject, 64, 65), []);
  const { attendees } = await me.api(`/me/events/${id}`).get();
  assert.equal(attendees[0].status.response, "declined");
  await me.api(`/me/events/${id}`).delete();
});

test("the schedule shows when a person is busy", async () => {
  const { id } = await me.api("/me/events").post(meeting(unique("Site walk"), 65));
  const times = { startTime: zoned(moment(65, 8)), endTime: zoned(moment(65, 12)), availabilityViewInterval: 60 };
  const answer = await me.api("/me/calendar/getSchedule").post({ schedules: [cloud.person.upn], ...times });
  assert.equal(answer.value[0].scheduleId, cloud.person.upn);
  assert.equal(answer.value[0].availabilityView[1], "2");
  await me.api(`/me/events/${id}`).delete();
});

test("a meeting time is found where both are free", async () => {
  const days = [66, 67, 68, 69, 70, 71, 72].find((each) => moment(each).getUTCDay() === 2);
  const { id } = await me.api("/me/events").post(meeting(unique("Site walk"), days));
  const answer = await me.api("/me/findMeetingTimes").post({
    attendees: [{ type: "required", emailAddress: { address: cloud.colleague.upn } }],
    timeConstraint: { timeSlots: [{ start: zoned(moment(days, 9)), end: zoned(moment(days, 15)) }] },
    meetingDuration: "PT1H",
  });
  const starts = answer.meetingTimeSuggestions.map((each) => each.meetingTimeSlot.start.dateTime);
  assert.ok(starts.length > 0 && !starts.some((start) => start.includes("T09:")));
  await me.api(`/me/events/${id}`).delete();
});
