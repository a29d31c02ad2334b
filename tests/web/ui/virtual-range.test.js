import assert from "node:assert/strict";
import { test } from "node:test";
import { rowAfterDrag, visibleRange } from "../../../src/antiphon/web/ui/virtual-range.js";

const list = { viewport: 600, rowHeight: 60, count: 100_000, spare: 2 };

test("at the top the first rows exist, with a few to spare", () => {
  assert.deepEqual(visibleRange({ ...list, scrolled: 0 }), { first: 0, end: 12 });
});

test("deep in a long list only the rows in sight exist", () => {
  assert.deepEqual(visibleRange({ ...list, scrolled: 3_000_030 }), { first: 49_998, end: 50_013 });
});

test("a list that is out of sight has no rows, above and below", () => {
  assert.deepEqual(visibleRange({ ...list, scrolled: -5000 }), { first: 0, end: 0 });
  assert.deepEqual(visibleRange({ ...list, count: 10, scrolled: 9000 }), { first: 10, end: 10 });
});

test("a dragged row lands where most of it lies, within the list", () => {
  assert.equal(rowAfterDrag(2, 89, 60, 5), 3);
  assert.equal(rowAfterDrag(2, 91, 60, 5), 4);
  assert.equal(rowAfterDrag(2, -1000, 60, 5), 0);
  assert.equal(rowAfterDrag(2, 1000, 60, 5), 4);
});
