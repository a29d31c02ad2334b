import assert from "node:assert/strict";
import { test } from "node:test";
import {
  advance,
  append,
  EMPTY,
  entry,
  insertNext,
  jumpTo,
  moved,
  remove,
  retreat,
  startWith,
  trackIds,
} from "../../../src/antiphon/web/ui/queue.js";
import { track } from "./fakes.js";

/** @param {string} ids one letter a track */
const entries = (ids) => [...ids].map((id) => entry(track(id), null));

/** The queue as "past|current|upcoming". @param {import("../../../src/antiphon/web/ui/types").Queue} queue */
const drawn = ({ past, current, upcoming }) =>
  [past, current ? [current] : [], upcoming]
    .map((list) => list.map((item) => item.track.id).join(""))
    .join("|");

test("an album played from its third track can be gone back in", () => {
  assert.equal(drawn(startWith(EMPTY, entries("abcde"), 2)), "ab|c|de");
});

test("what was playing becomes the past when something else is played", () => {
  const queue = startWith(startWith(EMPTY, entries("a")), entries("xy"));
  assert.equal(drawn(queue), "a|x|y");
});

test("play next goes before what is queued, add to queue after it", () => {
  const queue = startWith(EMPTY, entries("ab"));
  assert.equal(drawn(append(insertNext(queue, entries("n")), entries("z"))), "|a|nbz");
});

test("going on takes the next entry and leaves the answer alone while something is queued", () => {
  const [answer] = entries("r");
  const queue = advance(startWith(EMPTY, entries("ab")), answer);
  assert.equal(drawn(queue), "a|b|");
  assert.equal(drawn(advance(queue, answer)), "ab|r|");
});

test("an exhausted queue without an answer falls silent, and remembers", () => {
  assert.equal(drawn(advance(startWith(EMPTY, entries("a")))), "a||");
});

test("going back makes the current entry the next one", () => {
  const queue = startWith(EMPTY, entries("abc"), 1);
  assert.equal(drawn(retreat(queue)), "|a|bc");
  assert.equal(drawn(retreat(retreat(queue))), "|a|bc");
});

test("a jump passes over the entries before it", () => {
  const queue = startWith(EMPTY, entries("abcd"));
  assert.equal(drawn(jumpTo(queue, queue.upcoming[1].key)), "a|c|d");
  assert.equal(jumpTo(queue, -1), queue);
});

test("removing takes one entry, even when its track is queued twice", () => {
  const queue = startWith(EMPTY, entries("abbc"));
  assert.equal(drawn(remove(queue, queue.upcoming[0].key)), "|a|bc");
});

test("moving keeps every entry and understands places beyond the ends", () => {
  assert.deepEqual(moved([..."abcd"], 0, 2), [..."bcad"]);
  assert.deepEqual(moved([..."abcd"], 3, 0), [..."dabc"]);
  assert.deepEqual(moved([..."abcd"], 1, 99), [..."acdb"]);
  assert.deepEqual(moved([..."abcd"], 7, 0), [..."abcd"]);
});

test("answers are asked for without what is queued and was just heard, each once", () => {
  const queue = startWith(EMPTY, entries("abcbd"), 2);
  assert.deepEqual(trackIds(queue, 1), ["b", "c", "d"]);
});
