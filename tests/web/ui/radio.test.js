import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage, track } from "./fakes.js";

Object.assign(globalThis, { localStorage: memoryStorage() });

const ui = "../../../src/antiphon/web/ui";
const { entry } = await import(`${ui}/queue.js`);
const { queue } = await import(`${ui}/queue-state.js`);
const { bend, follow, refillRadio, retune, seedsOfRadio } = await import(`${ui}/radio.js`);

/** @type {URL[]} */
let asked = [];
/** The tracks of the radio's next answer, one letter each. */
let answer = "";
globalThis.fetch = /** @type {any} */ (
  async (/** @type {string} */ path) => {
    asked.push(new URL(path, "http://localhost"));
    const items = [...answer].map((id) => ({ track: track(id), reasons: [`why ${id}`] }));
    return Response.json({ surface: "radio", version: "v2", title: "A radio", items });
  }
);

const RADIO = { kind: "radio", id: "track:a", answer: "v1" };
/** A queue that plays a radio: small letters are its tracks, large ones were queued by hand. */
function playing(/** @type {string} */ upcoming) {
  asked = [];
  queue.value = {
    past: [entry(track("p"), RADIO)],
    current: entry(track("a"), RADIO),
    upcoming: [...upcoming].map((id) => entry(track(id), /[a-z]/.test(id) ? RADIO : null)),
  };
}
const upcoming = () =>
  queue.value.upcoming.map((/** @type {any} */ item) => item.track.id).join("");

test("a skip bends the radio: what follows is new, what was queued by hand stays in its place", async () => {
  playing("bXcYd");
  answer = "efcg";
  bend();
  await follow();
  assert.equal(upcoming(), "eXfYcg");
  assert.equal(asked[0].searchParams.get("exclude"), "p,a,X,Y");
  assert.equal(queue.value.upcoming[0].source.answer, "v2");
});

test("a track that stays is the same entry, so that it is seen to move", async () => {
  playing("bcd");
  const [{ key }] = queue.value.upcoming;
  answer = "cdb";
  await retune(["track:a"]);
  assert.equal(upcoming(), "cdb");
  assert.equal(queue.value.upcoming[2].key, key);
});

test("an answer that nobody asked for leaves the radio alone", async () => {
  queue.value = { past: [], current: entry(track("z"), null), upcoming: [] };
  bend();
  await follow();
  assert.deepEqual(asked.length, 1, "only the radio before was asked for");
});

test("a radio of several seeds asks for all of them, and goes on with all of them", async () => {
  playing("");
  answer = "bcd";
  await retune(["track:a", "genre:Folk, World & Country"]);
  assert.deepEqual(asked[0].searchParams.getAll("seed"), [
    "track:a",
    "genre:Folk, World & Country",
  ]);
  assert.deepEqual(seedsOfRadio(), ["track:a", "genre:Folk, World & Country"]);
});

test("a radio that runs low is filled up, one that is not is not asked for", async () => {
  playing("bcd");
  await refillRadio();
  assert.equal(asked.length, 0);
  playing("b");
  answer = "cde";
  await refillRadio();
  assert.equal(upcoming(), "bcde");
});
