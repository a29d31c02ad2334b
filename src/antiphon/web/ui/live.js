/** @import { News, Progress, Session } from "./types" */
/** News from the server: pushed while the stream is open, asked for while it is not. */

import { signal } from "@preact/signals";
import { get } from "./api.js";
import { refreshSession } from "./session.js";

const POLL_MS = 5000;
const LONGEST_WAIT_MS = 60_000;

export const progress = signal(
  /** @type {{ scan: Progress | null, analysis: Progress | null }} */ ({
    scan: null,
    analysis: null,
  }),
);

/** What whoever runs this could do better. */
export const advice = signal("");

/** @type {EventSource | null} */
let stream = null;
/** @type {number | undefined} */
let timer;
/** @type {number | undefined} */
let reopening;
let wait = POLL_MS;

/** @typedef {{ answer: (news: News) => void, done: () => void }} Listeners done: a scan or an analysis ended */

/** Nobody knows what happened meanwhile. @type {News} */
const MAYBE = { surface: "next", version: "", event: "" };

/**
 * Follows the news of a session; call the returned function to stop.
 * @param {Session} session
 * @param {Listeners} on
 */
export function follow(session, on) {
  unfollow();
  askStatus(on);
  open(session, on);
  timer = setInterval(() => poll(on), POLL_MS);
  return unfollow;
}

export function unfollow() {
  stream?.close();
  stream = null;
  clearInterval(timer);
  clearTimeout(reopening);
}

/** @param {Session} session @param {Listeners} on */
function open({ push }, on) {
  const base = push.url || `${location.protocol}//${location.hostname}:${push.port}`;
  const source = new EventSource(`${base}/events?token=${encodeURIComponent(push.token)}`);
  stream = source;
  source.addEventListener("open", () => {
    wait = POLL_MS;
    on.answer(MAYBE);
  });
  source.addEventListener("answer", (event) => on.answer(JSON.parse(event.data)));
  source.addEventListener("progress", (event) => show(JSON.parse(event.data), on));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && stream === source) reopen(on);
  });
}

/** A closed stream mostly means an old token: a fresh session brings a new one. @param {Listeners} on */
function reopen(on) {
  stream = null;
  reopening = setTimeout(async () => {
    const session = await refreshSession().catch(() => null);
    if (session && !stream) open(session, on);
    else if (!stream) reopen(on);
  }, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT_MS);
}

/** @param {Listeners} on */
function poll(on) {
  if (document.hidden || stream?.readyState === EventSource.OPEN) return;
  on.answer(MAYBE);
  askStatus(on);
}

/** @param {Listeners} on */
async function askStatus(on) {
  try {
    const status = await get("/status");
    advice.value = status.advice;
    show(status, on);
  } catch {
    // The next news will tell.
  }
}

/** @param {{ scan: Progress | null, analysis: Progress | null }} news @param {Listeners} on */
function show(news, on) {
  const before = progress.value;
  progress.value = { scan: news.scan, analysis: news.analysis };
  if ((before.scan && !news.scan) || (before.analysis && !news.analysis)) on.done();
}
