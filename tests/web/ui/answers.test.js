import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { memoryStorage, track } from "./fakes.js";

Object.assign(globalThis, { localStorage: memoryStorage() });
mock.timers.enable({ apis: ["setTimeout"] });

const ui = "../../../src/antiphon/web/ui";
const { entryOf, expectAnswer, forgetAnswers, hearOf, nextUp, refreshAnswers } = await import(
  `${ui}/answers.js`
);
const { forgetPreferences, putOn } = await import(`${ui}/preferences.js`);
const { EMPTY, entry } = await import(`${ui}/queue.js`);
const { queue } = await import(`${ui}/queue-state.js`);

/** How often the server was asked. */
let asked = 0;
/** The server's answer: its version, and its tracks, one letter each. */
let answer = { version: "v1", ids: "abc" };
globalThis.fetch = /** @type {any} */ (
  async () => {
    asked += 1;
    const items = [...answer.ids].map((id) => ({
      track: track(id, { artists: [{ id: `ar-${id}`, name: id }] }),
      reasons: [],
    }));
    return Response.json({ surface: "next", event: "", note: "", version: answer.version, items });
  }
);

beforeEach(async () => {
  asked = 0;
  answer = { version: "v1", ids: "abc" };
  queue.value = EMPTY;
  forgetAnswers();
  forgetPreferences();
});

const shown = () => nextUp.value.map((/** @type {any} */ item) => item.track.id).join("");

/** Lets what is due happen, with the answers that follow. @param {number} ms */
async function pass(ms) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("what is queued or banned is not answered with, even before the server knows", async () => {
  await refreshAnswers();
  queue.value = { ...EMPTY, upcoming: [entry(track("a"), null)] };
  assert.equal(shown(), "bc");
  putOn("banned_artists", { id: "ar-b", name: "b" }, true);
  assert.equal(shown(), "c");
});

test("what is played from an answer says which one it was", async () => {
  await refreshAnswers();
  const [item] = nextUp.value;
  assert.equal(entryOf(item).source.answer, "v1");
  const row = { surface: "home:mix", version: "v7" };
  assert.deepEqual(entryOf(item, row).source, {
    kind: "recommendation",
    id: "home:mix",
    answer: "v7",
  });
});

test("news of an answer that is here already asks nothing, other news does", async () => {
  await refreshAnswers();
  await hearOf({ surface: "next", version: "v1", event: "" });
  assert.equal(asked, 1);
  answer = { version: "v2", ids: "cab" };
  await hearOf({ surface: "next", version: "v2", event: "e" });
  assert.equal(shown(), "cab");
});

test("an answer that is not pushed within a second is asked for, one that is pushed is not", async () => {
  await refreshAnswers();
  expectAnswer();
  expectAnswer();
  await pass(1000);
  assert.equal(asked, 2);
  expectAnswer();
  answer = { version: "v2", ids: "b" };
  await hearOf({ surface: "next", version: "v2", event: "e" });
  await pass(1000);
  assert.equal(asked, 3);
});
