/** The way in. */

import { useSignal } from "@preact/signals";
import { Icon } from "../components/icon.js";
import { html } from "../html.js";
import { logIn, notice } from "../session.js";

export function Login() {
  const trouble = useSignal("");
  const busy = useSignal(false);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    busy.value = true;
    trouble.value = "";
    try {
      await logIn(String(form.get("name")).trim(), String(form.get("password")));
    } catch (error) {
      trouble.value = explain(error);
    } finally {
      busy.value = false;
    }
  }

  return html`<main class="login">
    <form class="login-card" onSubmit=${submit}>
      <img src="/ui/icons/antiphon.svg" alt="" width="64" height="64" />
      <h1>Antiphon</h1>
      <p class="login-say">${notice.value || "You play. It answers."}</p>
      <label class="field">
        <span>Name</span>
        <input name="name" autocomplete="username" autocapitalize="none" spellcheck=${false} required autofocus
          data-testid="login-name" />
      </label>
      <label class="field">
        <span>Password</span>
        <input name="password" type="password" autocomplete="current-password" required data-testid="login-password" />
      </label>
      ${trouble.value && html`<p class="login-trouble" role="alert"><${Icon} name="circle-alert" />${trouble.value}</p>`}
      <button type="submit" class="button button-main button-wide" disabled=${busy.value} data-testid="login-submit">
        ${busy.value ? "Logging in…" : "Log in"}
      </button>
    </form>
  </main>`;
}

/** @param {any} error */
function explain(error) {
  if (error.status === 429 && error.retryAfter)
    return `${error.detail} Try again in ${error.retryAfter} seconds.`;
  return error.detail ?? "Something went wrong in the player.";
}
