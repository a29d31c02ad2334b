/** @import { EndReason, Entry, Listened } from "./types" */
/** One listen at a time: when it began to sound, how long it really played, how it ended. */

import { report } from "./events.js";
import { hold, playedMs, run, stopped } from "./listen-clock.js";
import { uuid7 } from "./uuid.js";

/** @type {{ entry: Entry, clock: import("./listen-clock.js").Clock } | null} */
let listen = null;

/** Sound comes out; the first of an entry starts a listen. @param {Entry} entry */
export function sounding(entry) {
  if (listen?.entry.key !== entry.key) {
    listen = { entry, clock: stopped() };
    send("started");
  }
  listen.clock = run(listen.clock, performance.now());
}

/** No sound for now: paused, or waiting for bytes. */
export function silent() {
  if (listen) listen.clock = hold(listen.clock, performance.now());
}

/** The listen is over; returns what was heard, null when nothing was. @param {EndReason} reason @returns {Listened | null} */
export function finish(reason) {
  if (!listen) return null;
  const { entry, clock } = listen;
  const id = send("ended", reason);
  listen = null;
  return { id, entry, playedMs: playedMs(clock, performance.now()) };
}

/** @param {"started" | "ended"} kind @param {EndReason} [reason] */
function send(kind, reason) {
  const id = uuid7();
  if (!listen) return id;
  const { entry, clock } = listen;
  report({
    id,
    kind,
    track_id: entry.track.id,
    at: Date.now(),
    played_ms: kind === "ended" ? playedMs(clock, performance.now()) : 0,
    ...(reason && { reason }),
    source: entry.source,
  });
  return id;
}
