import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clock,
  count,
  day,
  duration,
  isWebAddress,
  pace,
} from "../../../src/antiphon/web/ui/format.js";
import { nameOfGenerator, nameOfSurface } from "../../../src/antiphon/web/ui/report-names.js";
import { match } from "../../../src/antiphon/web/ui/router.js";
import { uuid7 } from "../../../src/antiphon/web/ui/uuid.js";

test("times read as on a record's sleeve", () => {
  assert.equal(clock(7.9), "0:07");
  assert.equal(clock(3765), "1:02:45");
  assert.equal(clock(Number.NaN), "0:00");
  assert.equal(duration(20_000), "1 min");
  assert.equal(duration(7_260_000), "2 h 1 min");
  assert.equal(count(1, "track"), "1 track");
  assert.equal(count(12_000, "track"), "12,000 tracks");
});

test("the pace of long work is its rate and the time that is left", () => {
  const work = { started_at: 0, changed_at: 60_000 };
  assert.equal(pace({ ...work, done: 240, total: 1200 }), "4.0 a second · 4 min left");
  assert.equal(pace({ ...work, done: 6000, total: 6000 }), "100 a second");
  assert.equal(pace({ ...work, done: 0, total: 1200 }), "");
  assert.equal(pace({ ...work, changed_at: 1000, done: 3, total: 1200 }), "");
});

test("days are named from the listener's own midnight", () => {
  const noon = new Date(2026, 5, 3, 12).getTime();
  assert.equal(day(new Date(2026, 5, 3, 0, 1).getTime(), noon), "Today");
  assert.equal(day(new Date(2026, 5, 2, 23, 59).getTime(), noon), "Yesterday");
  assert.equal(day(new Date(2026, 5, 1, 9).getTime(), noon), "Monday 1 June");
  assert.match(day(new Date(2025, 5, 1, 9).getTime(), noon), /2025$/);
});

test("only addresses of the web are linked to", () => {
  assert.ok(isWebAddress("https://creativecommons.org/licenses/by/4.0/"));
  assert.ok(isWebAddress("HTTP://example.org"));
  for (const other of [
    "",
    "javascript:alert(1)",
    " https://example.org",
    "data:text/html,x",
    "//x",
  ])
    assert.ok(!isWebAddress(other), other);
});

test("event ids are UUIDs of version 7 that sort by time", () => {
  const id = uuid7(0x0192_3456_789a, new Uint8Array(10).fill(0xff));
  assert.equal(id, "01923456-789a-7fff-bfff-ffffffffffff");
  assert.ok(uuid7(1000) < uuid7(2000));
  assert.notEqual(uuid7(1000), uuid7(1000));
});

test("routes give their parts, decoded, and broken escapes do no harm", () => {
  /** @type {[string, string][]} */
  const routes = [
    ["/", "home"],
    ["/albums/:id", "album"],
  ];
  assert.deepEqual(match(routes, "/"), { found: "home", params: {} });
  assert.deepEqual(match(routes, "/albums/a%2Fb"), { found: "album", params: { id: "a/b" } });
  assert.deepEqual(match(routes, "/albums/%"), { found: "album", params: { id: "%" } });
  assert.equal(match(routes, "/albums/a/b"), null);
});

test("the report names what it knows, and spells out what it does not", () => {
  assert.equal(nameOfSurface("next"), "Next up");
  assert.equal(nameOfSurface("home:late-night"), "Home late night");
  assert.equal(nameOfGenerator("repeat"), "What is due again");
  assert.equal(nameOfGenerator(""), "Something else");
});
