import assert from "node:assert/strict";
import { test } from "node:test";
import { even, factorOf } from "../../../src/antiphon/web/ui/loudness.js";
import { described } from "../../../src/antiphon/web/ui/sound.js";
import { heights, picture } from "../../../src/antiphon/web/ui/waveform.js";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const entry = (track, kind) => ({ key: 1, track, source: kind && { kind, id: "x" }, reasons: [] });

test("a bar is as tall as its peaks are on the whole", () => {
  assert.deepEqual(heights(base64([0, 102, 255, 255]), 2), [0.2, 1]);
  assert.deepEqual(heights(base64([255, 0]), 4), [1, 1, 0, 0]);
});

test("where there is no waveform there are no bars", () => {
  assert.deepEqual(heights(""), []);
  assert.deepEqual(heights("???"), []);
});

test("bars stand on the middle line, and silence is still a line", () => {
  const svg = decodeURIComponent(picture([1, 0.5, 0]));
  assert.match(svg, /viewBox="0 0 3 100"/);
  assert.match(
    svg,
    /d="M0 0\.0h0\.6v100\.0h-0\.6zM1 25\.0h0\.6v50\.0h-0\.6zM2 48\.0h0\.6v4\.0h-0\.6z"/,
  );
});

test("a track is turned down by its gain, on its album by the album's", () => {
  const track = { gain_db: -6.0206, album_gain_db: -20 };
  assert.ok(Math.abs(factorOf(entry(track, "radio")) - 0.5) < 1e-4);
  assert.ok(Math.abs(factorOf(entry(track, "album")) - 0.1) < 1e-9);
  assert.ok(Math.abs(factorOf(entry({ gain_db: 20, album_gain_db: null }, "album")) - 10) < 1e-9);
});

test("what has no gain, or is to be as loud as it is, plays as it is", () => {
  assert.equal(factorOf(null), 1);
  assert.equal(factorOf(entry({ gain_db: null, album_gain_db: null }, "album")), 1);
  assert.equal(factorOf(entry({}, "radio")), 1);
  even.value = false;
  assert.equal(factorOf(entry({ gain_db: -6, album_gain_db: -6 }, "radio")), 1);
  even.value = true;
});

test("how a track sounds is said in one line, without what is not known", () => {
  const sound = { tempo_bpm: 127.6, key: "A minor", loudness_lufs: -9.24, peak: 1, waveform: "" };
  assert.equal(described(sound), "128 BPM · A minor · −9.2 LUFS");
  assert.equal(described({ ...sound, tempo_bpm: 0, key: "", loudness_lufs: null }), "");
});
