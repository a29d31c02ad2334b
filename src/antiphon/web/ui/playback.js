/** @import { EndReason, Entry, Queue, Track } from "./types" */
/** The transport: the queue, the player and the reports of what was heard, moving together. */

import { effect } from "@preact/signals";
import { entryOf, nextUp, refreshAnswers, topUpAnswers } from "./answers.js";
import { finish, silent, sounding } from "./listening.js";
import { factorOf } from "./loudness.js";
import { createPlayer } from "./player.js";
import * as order from "./queue.js";
import { current, queue } from "./queue-state.js";
import { bend, refillRadio } from "./radio.js";
import { refreshSession } from "./session.js";
import { sayOfSkip } from "./skips.js";
import { recall } from "./storage.js";
import { attempt, say } from "./toasts.js";

const MOST_FAILURES = 3;
const RESTART_AFTER_S = 3;
const PRELOAD_BEFORE_S = 20;

export const player = createPlayer([...document.querySelectorAll("audio")], {
  ended: () => turn("completed", order.advance),
  failed: (track) => attempt(() => recover(track)),
});

let failures = 0;

/** Starts what must always be so: listens are timed, and the next track is at hand. */
export function startPlayback() {
  player.setVolume(recall("volume", 0.8));
  effect(() => player.setFactor(factorOf(current.value)));
  effect(() => {
    const entry = current.value;
    if (player.phase.value !== "playing" || !entry) return silent();
    failures = 0;
    return sounding(entry);
  });
  effect(() => {
    const left = player.duration.value - player.position.value;
    const next = queue.value.upcoming[0]?.track ?? nextUp.value[0]?.track;
    if (player.phase.value === "playing" && left < PRELOAD_BEFORE_S && next) player.preload(next);
  });
}

/**
 * Ends the present listen and plays what the queue then says.
 * @param {EndReason} reason
 * @param {(queue: Queue, otherwise: Entry | null) => Queue} change
 */
export async function turn(reason, change) {
  const listened = finish(reason);
  if (listened && reason === "skipped") {
    sayOfSkip(listened);
    bend();
  }
  await goOn(change);
}

/** Leaves a track that the listener has spoken against, which says more than its skip. */
export async function leave() {
  const listened = finish("skipped");
  await goOn(order.advance);
  return listened;
}

/** @param {(queue: Queue, otherwise: Entry | null) => Queue} change */
async function goOn(change) {
  if (!queue.value.upcoming.length && !nextUp.value.length) await refreshAnswers().catch(() => {});
  const [answer] = nextUp.value;
  queue.value = change(queue.value, answer ? entryOf(answer) : null);
  const entry = current.value;
  if (entry) player.load(entry.track);
  else player.unload();
  topUpAnswers().catch(() => {});
  refillRadio().catch(() => {});
}

/** A track that cannot be played is passed over; three in a row mean more than a bad file. @param {Track} track */
async function recover(track) {
  finish("stopped");
  player.cue(track, player.position.value);
  // A lapsed session or a server that is away says so itself: then the queue stays where it is.
  if (!(await refreshSession())) return;
  failures += 1;
  if (failures >= MOST_FAILURES) {
    failures = 0;
    say("Three tracks in a row could not be played. Playback has stopped.", "trouble");
    return;
  }
  say(`“${track.title}” could not be played. Going on to the next track.`, "trouble");
  await turn("stopped", order.advance);
}

export const next = () => turn("skipped", order.advance);

/** @param {number} key */
export const jumpTo = (key) => turn("skipped", (now) => order.jumpTo(now, key));

export function previous() {
  const atStart = player.position.value < RESTART_AFTER_S;
  if (atStart && queue.value.past.length) return turn("skipped", order.retreat);
  return player.seek(0);
}

/** Pauses what plays, plays what is paused. */
export function toggle() {
  if (player.phase.value === "playing" || player.phase.value === "loading") return player.pause();
  if (!current.value) return next();
  if (player.phase.value === "idle") return player.load(current.value.track);
  return player.play();
}

/** Ends the listen and falls silent, for another listener. */
export function stop() {
  finish("stopped");
  player.unload();
}
