import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createPlayer } from "../../../src/antiphon/web/ui/player.js";
import { transition } from "../../../src/antiphon/web/ui/player-state.js";
import { SilentAudio, track } from "./fakes.js";

/** @type {SilentAudio[]} */
let audio;
/** @type {ReturnType<typeof createPlayer>} */
let player;
/** @type {string[]} */
let told;

beforeEach(() => {
  audio = [new SilentAudio(), new SilentAudio()];
  told = [];
  player = createPlayer(/** @type {any} */ (audio), {
    ended: () => told.push("ended"),
    failed: ({ id }) => told.push(`failed ${id}`),
  });
});

const active = () => audio.findIndex((element) => element.dataset.active === "true");

test("a loaded track plays", async () => {
  await player.load(track("a"));
  assert.equal(player.phase.value, "playing");
  assert.equal(audio[active()].src, "/stream/a");
  assert.equal(player.duration.value, 30);
});

test("pause and play keep the needle where it is", async () => {
  await player.load(track("a"));
  audio[active()].playUntil(12);
  player.pause();
  assert.equal(player.phase.value, "paused");
  await player.play();
  assert.equal(player.phase.value, "playing");
  assert.equal(player.position.value, 12);
});

test("a preloaded track plays on the other element, without asking again", async () => {
  await player.load(track("a"));
  const first = active();
  player.preload(track("b"));
  assert.equal(audio[1 - first].src, "/stream/b");
  await player.load(track("b"));
  assert.equal(active(), 1 - first);
  assert.equal(audio[first].src, "");
});

test("another track than the preloaded one empties the standby", async () => {
  await player.load(track("a"));
  player.preload(track("b"));
  await player.load(track("c"));
  assert.equal(audio[active()].src, "/stream/c");
  assert.equal(audio[1 - active()].src, "");
});

test("the end of a track is told once, and not taken for a pause", async () => {
  await player.load(track("a"));
  audio[active()].playToTheEnd();
  assert.deepEqual(told, ["ended"]);
  assert.equal(player.phase.value, "idle");
});

test("a track that cannot be decoded is told with its name", async () => {
  await player.load(track("a"));
  audio[active()].tell("error");
  assert.deepEqual(told, ["failed a"]);
  assert.equal(player.phase.value, "idle");
});

test("a preloaded track that fails disturbs nothing before its turn", async () => {
  await player.load(track("a"));
  player.preload(track("b"));
  audio[1 - active()].tell("error");
  assert.deepEqual(told, []);
  assert.equal(player.phase.value, "playing");
});

test("a cued track asks the server for nothing until it is played, then from its place", async () => {
  player.cue(track("a"), 17);
  assert.equal(player.phase.value, "paused");
  assert.equal(audio[active()].src, "");
  await player.play();
  assert.equal(audio[active()].src, "/stream/a");
  assert.equal(audio[active()].currentTime, 17);
});

test("a transcoded stream begins anew where one seeks to, and the needle counts from there", async () => {
  await player.load(track("a", { transcoded: true }));
  player.seek(20);
  assert.equal(audio[active()].src, "/stream/a?offset=20");
  audio[active()].playUntil(2);
  assert.equal(player.position.value, 22);
});

test("seeking stays within the track", async () => {
  await player.load(track("a"));
  player.seek(-5);
  assert.equal(audio[active()].currentTime, 0);
  player.seek(99);
  assert.equal(audio[active()].currentTime, 30);
});

test("volume stays between silence and full, on both elements", () => {
  player.setVolume(1.7);
  assert.deepEqual(
    audio.map((element) => element.volume),
    [1, 1],
  );
  player.setVolume(-1);
  assert.equal(player.volume.value, 0);
});

test("waiting for bytes is loading, and happenings out of place change nothing", () => {
  assert.equal(transition("playing", "waiting"), "loading");
  assert.equal(transition("idle", "ended"), "idle");
  assert.equal(transition("paused", "waiting"), "paused");
});

test("a track's gain turns it down at any volume, and up as far as there is room", () => {
  player.setVolume(0.8);
  player.setFactor(0.5);
  assert.deepEqual(
    audio.map(({ volume }) => volume),
    [0.4, 0.4],
  );
  player.setVolume(0.6);
  assert.equal(audio[0].volume, 0.3);
  player.setFactor(2);
  assert.equal(audio[0].volume, 1);
  assert.equal(player.volume.value, 0.6);
});
