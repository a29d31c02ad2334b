import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { memoryStorage, track } from "./fakes.js";

Object.assign(globalThis, { localStorage: memoryStorage(), addEventListener: () => {} });
mock.timers.enable({ apis: ["setTimeout"] });

const ui = "../../../src/antiphon/web/ui";
const { inWords, setPrivate, toggleArtist, toggleTrack, tune } = await import(`${ui}/controls.js`);
const { report, startReporting } = await import(`${ui}/events.js`);
const { isForgotten, toggleListen } = await import(`${ui}/forgetting.js`);
const { forgetPreferences, isIn, preferences } = await import(`${ui}/preferences.js`);
const { entry } = await import(`${ui}/queue.js`);
const { session } = await import(`${ui}/session.js`);
const { sayOfSkip } = await import(`${ui}/skips.js`);
const { answer, dismiss, toasts } = await import(`${ui}/toasts.js`);

/** What the server was told: method, path and body. @type {string[]} */
let told;
/** @type {(path: string) => number} */
let status;
globalThis.fetch = /** @type {any} */ (
  async (/** @type {string} */ url, /** @type {{ method: string, body?: string }} */ options) => {
    const path = url.replace("/api/v1", "");
    if (options.method !== "GET") told.push([options.method, path, options.body].join(" ").trim());
    const found = options.method === "GET" ? { version: "1", items: [] } : null;
    return new Response(JSON.stringify(found), { status: status(path) });
  }
);
startReporting(() => {});

beforeEach(() => {
  told = [];
  status = () => 200;
  forgetPreferences();
  for (const { id } of toasts.value) dismiss(id);
  session.value = { user: { id: "ada" }, csrf_token: "t" };
});

/** Lets what is due happen, with the answers that follow. */
async function pass(ms = 0) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Presses a button of the message that is shown. */
async function press(label = "Undo") {
  const toast = toasts.value.at(-1);
  const reply = toast.replies.find((/** @type {{ label: string }} */ one) => one.label === label);
  await answer(toast, reply);
  await pass();
}

/** A track was skipped after so many seconds; the server knows it or not. */
async function skipped(/** @type {string} */ id, { seconds = 4, sent = true, source = null } = {}) {
  report({ id, kind: "ended", track_id: id, at: 0, played_ms: seconds * 1000, source });
  if (sent) await pass();
  sayOfSkip({ id, entry: entry(track(id), source), playedMs: seconds * 1000 });
}

const shown = () => toasts.value.map((/** @type {{ text: string }} */ { text }) => text);

test("the slider is told once, when the hand rests, and goes back to where it was", async () => {
  tune(0.6);
  tune(0.8);
  assert.equal(preferences.value.discover, 0.8);
  await pass(300);
  assert.deepEqual(told, ['PATCH /preferences {"discover":0.8}']);
  await press();
  assert.equal(preferences.value.discover, 0.5);
  assert.equal(told.at(-1), 'PATCH /preferences {"discover":0.5}');
});

test("the places of the slider have words", () => {
  const words = [0, 0.2, 0.5, 0.8, 1].map(inWords);
  assert.equal(words[0], "Only what you know");
  assert.equal(new Set(words).size, 5);
});

test("what the server refuses is shown as it was, and not offered to be undone", async () => {
  status = (path) => (path === "/preferences" ? 503 : 200);
  await setPrivate(true);
  assert.equal(preferences.value.private, false);
  assert.deepEqual(
    toasts.value.map((/** @type {any} */ { replies }) => replies.length),
    [0],
  );
});

test("a ban and an exclusion hold at once, and their undo is the opposite", async () => {
  await toggleArtist({ id: "ar-1", name: "Nova" });
  assert.ok(isIn("banned_artists", "ar-1"));
  await press();
  assert.ok(!isIn("banned_artists", "ar-1"));
  await toggleTrack(track("t"));
  await toggleTrack(track("t"));
  assert.deepEqual(told, [
    "PUT /artists/ar-1/ban",
    "DELETE /artists/ar-1/ban",
    "PUT /tracks/t/exclusion",
    "DELETE /tracks/t/exclusion",
  ]);
});

test("a listen that is forgotten can be brought back", async () => {
  const heard = { id: "us-1:e", track: track("t") };
  await toggleListen(heard, false);
  assert.ok(isForgotten("us-1:e"));
  await press();
  assert.ok(!isForgotten("us-1:e"));
  assert.deepEqual(told, ["PUT /history/us-1%3Ae/forgotten", "DELETE /history/us-1%3Ae/forgotten"]);
});

test("a skip says what it means, and undone it is forgotten", async () => {
  await skipped("a");
  assert.deepEqual(shown(), ["Skipped “a”: less like it."]);
  await press();
  assert.equal(told.at(-1), "PUT /history/a/forgotten");
  assert.deepEqual(shown(), ["Taken back."]);
});

test("of three skips the last is undone, then the rest together", async () => {
  for (const id of ["a", "b", "c"]) await skipped(id);
  assert.deepEqual(shown(), ["Skipped “c” and 2 more: less like them."]);
  await press();
  assert.deepEqual(shown(), ["Skipped “b” and 1 more: less like them."]);
  await press("Undo all");
  assert.deepEqual(told.filter((line) => line.startsWith("PUT")).sort(), [
    "PUT /history/a/forgotten",
    "PUT /history/b/forgotten",
    "PUT /history/c/forgotten",
  ]);
});

test("a skip that the server has not heard of never gets there once it is undone", async () => {
  await skipped("a", { sent: false });
  await press();
  assert.deepEqual(told, []);
});

test("an undo that the server does not hear of can be tried again", async () => {
  await skipped("a");
  status = (path) => (path.endsWith("/forgotten") ? 503 : 200);
  await press();
  assert.ok(shown().includes("Skipped “a”: less like it."));
  status = () => 200;
  const toast = toasts.value.find((/** @type {any} */ { about }) => about === "skip");
  await answer(toast, toast.replies[0]);
  assert.deepEqual(told.slice(-2), ["PUT /history/a/forgotten", "PUT /history/a/forgotten"]);
});

test("of a skip that says nothing nothing is said", async () => {
  await skipped("late", { seconds: 29 });
  await setPrivate(true);
  await skipped("private");
  await setPrivate(false);
  await toggleTrack(track("excluded"));
  await skipped("excluded");
  assert.ok(!shown().some((/** @type {string} */ text) => text.startsWith("Skipped")));
});
