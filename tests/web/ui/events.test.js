import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { memoryStorage } from "./fakes.js";

Object.assign(globalThis, { localStorage: memoryStorage(), addEventListener: () => {} });
mock.timers.enable({ apis: ["setTimeout"] });

const { report, settle, startReporting, withdraw } = await import(
  "../../../src/antiphon/web/ui/events.js"
);
const { session } = await import("../../../src/antiphon/web/ui/session.js");
const { recall } = await import("../../../src/antiphon/web/ui/storage.js");

/** The server's answer to each attempt. @type {(events: any[]) => number} */
let answer;
/** @type {string[][]} */
let attempts;
globalThis.fetch = /** @type {any} */ (
  async (/** @type {string} */ _path, /** @type {{ body: string }} */ { body }) => {
    const { events } = JSON.parse(body);
    attempts.push(events.map((/** @type {{ id: string }} */ event) => event.id));
    const status = answer(events);
    if (!status) throw new TypeError("offline");
    const headers = status === 429 ? { "Retry-After": "30" } : undefined;
    return new Response(JSON.stringify({ detail: "" }), { status, headers });
  }
);
startReporting(() => {});

beforeEach(() => {
  attempts = [];
  answer = () => 202;
  session.value = /** @type {any} */ ({ user: { id: "ada" }, csrf_token: "t" });
});

const waiting = () => recall("outbox", /** @type {any[]} */ ([])).map(({ event }) => event.id);
/** @param {string} id */
const heard = (id) => report(/** @type {any} */ ({ id, kind: "started", track_id: "t", at: 0 }));

/** Lets what is due happen, with the answers that follow. @param {number} ms */
async function pass(ms) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("what the server has accepted leaves the outbox", async () => {
  heard("a");
  assert.deepEqual(waiting(), ["a"]);
  await pass(0);
  assert.deepEqual(waiting(), []);
});

test("nothing is lost while the server is away, and it is tried again", async () => {
  answer = () => 0;
  heard("b");
  await pass(0);
  assert.deepEqual(waiting(), ["b"]);
  answer = () => 202;
  await pass(1000);
  assert.deepEqual(waiting(), []);
  assert.equal(attempts.length, 2);
});

test("an event that the server refuses does not hold up the others", async () => {
  answer = (events) => (events.some(({ id }) => id === "poison") ? 422 : 202);
  heard("c");
  heard("poison");
  heard("d");
  await pass(0);
  assert.deepEqual(waiting(), []);
  assert.deepEqual(attempts.at(-1), ["d"]);
});

test("one listener's events are not sent in the name of another", async () => {
  answer = () => 0;
  heard("ada's");
  session.value = /** @type {any} */ ({ user: { id: "ben" }, csrf_token: "t" });
  answer = () => 202;
  await pass(60_000);
  assert.deepEqual(waiting(), ["ada's"]);
  session.value = /** @type {any} */ ({ user: { id: "ada" }, csrf_token: "t" });
  await pass(0);
  assert.deepEqual(waiting(), []);
});

test("told to wait, the outbox waits as long as it is told, whatever happens, and loses nothing", async () => {
  answer = () => 429;
  heard("e");
  await pass(0);
  heard("f");
  await pass(29_000);
  assert.equal(attempts.length, 1);
  answer = () => 202;
  await pass(1000);
  assert.deepEqual(attempts.at(-1), ["e", "f"]);
  assert.deepEqual(waiting(), []);
});

test("what counts by its place in the order waits until all before it is sent", async () => {
  for (let number = 0; number < 120; number++) heard(`g${number}`);
  const settled = settle();
  await pass(0);
  await settled;
  assert.deepEqual(waiting(), []);
  assert.equal(attempts.length, 3);
});

test("an event can be taken back until it is sent", async () => {
  heard("h");
  assert.equal(await withdraw("h"), true);
  await pass(0);
  assert.equal(attempts.length, 0);
  heard("i");
  await pass(0);
  assert.equal(await withdraw("i"), false);
});
