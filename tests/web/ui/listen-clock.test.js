import assert from "node:assert/strict";
import { test } from "node:test";
import { hold, playedMs, run, stopped } from "../../../src/antiphon/web/ui/listen-clock.js";

test("only the time that sounds is counted", () => {
  let clock = run(stopped(), 1000);
  clock = hold(clock, 4000);
  clock = run(clock, 60_000);
  assert.equal(playedMs(clock, 62_500), 5500);
});

test("running twice or holding twice changes nothing", () => {
  let clock = run(run(stopped(), 100), 900);
  assert.equal(playedMs(clock, 1100), 1000);
  clock = hold(hold(clock, 1100), 5000);
  assert.equal(playedMs(clock, 9000), 1000);
});

test("what never sounded played for no time", () => {
  assert.equal(playedMs(stopped(), 5000), 0);
});
