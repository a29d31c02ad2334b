import assert from "node:assert/strict";
import { test } from "node:test";
import { around, asTree } from "../../../src/antiphon/web/ui/genres.js";

/** @param {string} name @param {string} parent */
const genre = (name, parent = "") => ({ name, parent, track_count: 1 });

const GENRES = [
  genre("Rock"),
  genre("Punk", "Rock"),
  genre("Folk"),
  genre("Hardcore", "Punk"),
  genre("Metal", "Rock"),
];

test("each genre stands behind the one above it, in the order in which they came", () => {
  assert.deepEqual(
    asTree(GENRES).map(({ name, depth }) => `${depth} ${name}`),
    ["0 Rock", "1 Punk", "2 Hardcore", "1 Metal", "0 Folk"],
  );
});

test("genres that only tags know make a plain list", () => {
  assert.deepEqual(asTree([genre("Pop"), genre("Jazz")]), [
    { name: "Pop", depth: 0 },
    { name: "Jazz", depth: 0 },
  ]);
});

test("no genre is lost, whatever stands above it", () => {
  const odd = [genre("A", "B"), genre("B", "A"), genre("C", "gone"), genre("D", "A")];
  assert.deepEqual(
    asTree(odd).map(({ name }) => name),
    ["A", "B", "C", "D"],
  );
});

test("around a genre are those on the way down to it, and those right below", () => {
  assert.deepEqual(around(GENRES, "Punk"), { above: ["Rock"], below: ["Hardcore"] });
  assert.deepEqual(around(GENRES, "Hardcore"), { above: ["Rock", "Punk"], below: [] });
  assert.deepEqual(around(GENRES, "Rock"), { above: [], below: ["Punk", "Metal"] });
  assert.deepEqual(around(GENRES, "of tags"), { above: [], below: [] });
});
