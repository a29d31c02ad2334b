import assert from "node:assert/strict";
import { test } from "node:test";
import { createPages } from "../../../src/antiphon/web/ui/pages.js";

/** A list of numbers, three a page. @param {number} length @param {string[]} asked */
const numbers = (length, asked) => async (/** @type {string | undefined} */ after) => {
  asked.push(after ?? "");
  const from = Number(after ?? 0);
  const items = Array.from({ length: Math.min(3, length - from) }, (_, index) => from + index);
  return { items, next: from + 3 < length ? String(from + 3) : null };
};

test("a list grows by pages until it is complete", async () => {
  /** @type {string[]} */
  const asked = [];
  const pages = createPages(numbers(7, asked));
  await pages.upTo(100);
  assert.deepEqual(pages.items, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(pages.complete.value, true);
  assert.deepEqual(asked, ["", "3", "6"]);
});

test("no further than somebody looks, and one page at a time", async () => {
  /** @type {string[]} */
  const asked = [];
  const pages = createPages(numbers(100, asked));
  await Promise.all([pages.upTo(4), pages.upTo(4), pages.more()]);
  assert.deepEqual(asked, ["", "3"]);
  assert.equal(pages.count.value, 6);
});

test("a page that fails says so, and can be asked for again", async () => {
  let away = true;
  const pages = createPages(async () => {
    if (away) throw new Error("away");
    return { items: [1], next: null };
  });
  await pages.upTo(10);
  assert.equal(pages.error.value.message, "away");
  away = false;
  await pages.more();
  assert.deepEqual([pages.items, pages.error.value], [[1], null]);
});
