/** @import { ListenEvent } from "./types" */
/** The outbox: what the listener did is kept in this browser until the server has accepted it. */

import { Problem, request } from "./api.js";
import { session } from "./session.js";
import { keep, recall } from "./storage.js";

const BATCH = 50;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** @typedef {{ user: string, event: ListenEvent }} Letter */

let wait = FIRST_WAIT_MS;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** The sending under way; it tells whether it went well. @type {Promise<boolean> | null} */
let sending = null;
/** Whether the server has asked to be left alone for a while. */
let told = false;
/** Whose events these are; still known when the session has lapsed and the music goes on. */
let author = "";
/** Called when the server has accepted events. @type {() => void} */
let accepted = () => {};

/** @returns {Letter[]} */
const outbox = () => recall("outbox", []);

/** Starts sending, now and whenever the browser is online again. @param {() => void} onAccepted */
export function startReporting(onAccepted) {
  accepted = onAccepted;
  addEventListener("online", () => flush());
  session.subscribe((now) => {
    if (!now) return;
    author = now.user.id;
    flush();
  });
}

/** @param {ListenEvent} event */
export function report(event) {
  keep("outbox", [...outbox(), { user: author, event }]);
  schedule(0);
}

/** @param {number} ms */
function schedule(ms) {
  if (told) return;
  clearTimeout(timer);
  timer = setTimeout(flush, ms);
}

/** Sends nothing for as long as the server says, whatever happens meanwhile. @param {number} seconds */
function holdBack(seconds) {
  told = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told = false;
    flush();
  }, seconds * 1000);
}

/** Sends what waits for the present listener; of another one nothing is sent. */
function flush() {
  if (told) return Promise.resolve(false);
  sending ??= sendBatch().finally(() => {
    sending = null;
  });
  return sending;
}

async function sendBatch() {
  const batch = waiting().slice(0, BATCH);
  if (!batch.length) return false;
  try {
    await deliver(batch);
    wait = FIRST_WAIT_MS;
    schedule(0);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.retryAfter) holdBack(error.retryAfter);
    else schedule(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    return false;
  }
}

/** Sends all that waits, before something is said whose place after it counts. */
export async function settle() {
  while (waiting().length && (await flush()));
}

/** Takes back an event that has not been sent; false when it is too late for that. @param {string} id */
export async function withdraw(id) {
  await sending;
  const kept = outbox().filter((letter) => letter.event.id !== id);
  const isThere = kept.length < outbox().length;
  if (isThere) keep("outbox", kept);
  return isThere;
}

/** Sends as the page goes away; what arrives twice counts once. */
export function flushOnLeave() {
  const batch = waiting().slice(-BATCH);
  if (batch.length)
    post(batch, true).then(
      () => forget(batch),
      () => {},
    );
}

function waiting() {
  const user = session.value?.user.id;
  return outbox().flatMap((letter) => (letter.user === user ? [letter.event] : []));
}

/** An event that the server will never take must not hold up the others. @param {ListenEvent[]} batch */
async function deliver(batch) {
  try {
    await post(batch);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 422) throw error;
    if (batch.length > 1) {
      for (const event of batch) await deliver([event]);
      return;
    }
    console.warn("The server refuses this event, it is dropped:", batch[0], error.detail);
  }
  forget(batch);
  accepted();
}

/** @param {ListenEvent[]} events @param {boolean} keepalive */
const post = (events, keepalive = false) =>
  request("POST", "/events", { body: { events }, keepalive });

/** @param {ListenEvent[]} events */
function forget(events) {
  const gone = new Set(events.map((event) => event.id));
  keep(
    "outbox",
    outbox().filter((letter) => !gone.has(letter.event.id)),
  );
}
