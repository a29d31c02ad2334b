/** @import { Session } from "./types" */
/** Who is logged in, and on whose behalf. */

import { signal } from "@preact/signals";
import { credentials, get, Problem, request } from "./api.js";

/** undefined: not asked yet; null: nobody. */
export const session = signal(/** @type {Session | null | undefined} */ (undefined));

/** Why the login shows, when it is not the first visit. */
export const notice = signal("");

credentials.renew = refreshSession;
credentials.onExpired = () => {
  if (!session.value) return;
  notice.value = "Your session has ended. Log in again: your queue is kept.";
  adopt(null);
};

/** Asks who is logged in; throws when the server is away. */
export async function refreshSession() {
  try {
    adopt(await get("/session"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    if (session.value) credentials.onExpired();
    else adopt(null);
  }
  return session.value;
}

/**
 * @param {string} name
 * @param {string} password
 */
export async function logIn(name, password) {
  adopt(await request("POST", "/session", { body: { name, password } }));
  notice.value = "";
}

export async function logOut() {
  await request("DELETE", "/session");
  notice.value = "";
  adopt(null);
}

/** Looks at the product as a synthetic listener. @param {string} userId */
export async function listenAs(userId) {
  adopt(await request("PUT", "/session/listener", { body: { user_id: userId } }));
}

export async function backToMyself() {
  adopt(await request("DELETE", "/session/listener"));
}

/** @param {Session | null} next */
function adopt(next) {
  credentials.csrfToken = next?.csrf_token ?? "";
  session.value = next;
}
