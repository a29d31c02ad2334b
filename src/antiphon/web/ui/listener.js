/** @import { News, Session } from "./types" */
/** Everything that belongs to one listener, switched over when another one logs in. */

import { answersVersion, expectAnswer, forgetAnswers, hearOf, refreshAnswers } from "./answers.js";
import { flushOnLeave, startReporting } from "./events.js";
import { forgetFeedback } from "./feedback.js";
import { forgetForgotten } from "./forgetting.js";
import { finish } from "./listening.js";
import { follow, unfollow } from "./live.js";
import { player, stop } from "./playback.js";
import { refreshPlaylists } from "./playlists.js";
import { forgetPreferences, refreshPreferences } from "./preferences.js";
import { keepQueue, queue, restoreQueue } from "./queue-state.js";
import * as radio from "./radio.js";
import { forgetResources, refreshResources } from "./resource.js";
import { logOut, session } from "./session.js";
import { keep } from "./storage.js";

const KEEP_EVERY_MS = 5000;

/** Whose queue is loaded. */
let present = "";

export function startListener() {
  startReporting(expectAnswer);
  session.subscribe((now) => (now ? welcome(now) : unfollow()));
  queue.subscribe(remember);
  answersVersion.subscribe((version) => {
    if (version && location.pathname === "/") refreshResources();
  });
  player.volume.subscribe((level) => keep("volume", level));
  addEventListener("visibilitychange", () => {
    // Another window may have set something meanwhile.
    if (present && !document.hidden) refreshPreferences().catch(() => {});
  });
  setInterval(remember, KEEP_EVERY_MS);
  addEventListener("pagehide", () => {
    remember();
    finish("stopped");
    flushOnLeave();
  });
}

/** @param {Session} now */
function welcome(now) {
  if (now.user.id !== present) switchTo(now.user.id);
  refreshAnswers().catch(() => {});
  refreshPlaylists();
  refreshPreferences().catch(() => {});
  follow(now, { answer: hear, done: refreshResources });
}

/** @param {string} user */
function switchTo(user) {
  if (present) stop();
  present = "";
  forgetAnswers();
  forgetFeedback();
  forgetForgotten();
  forgetPreferences();
  forgetResources();
  const position = restoreQueue(user);
  if (queue.value.current) player.cue(queue.value.current.track, position);
  present = user;
}

function remember() {
  if (present) keepQueue(present, player.position.value);
}

/** An answer has changed, perhaps. @param {News} news */
function hear(news) {
  hearOf(news)
    .then(() => radio.follow())
    .catch(() => {});
}

/** Leaves for good: what was heard is sent, the music stops. */
export async function leave() {
  remember();
  stop();
  flushOnLeave();
  await logOut();
  present = "";
}
