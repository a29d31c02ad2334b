/** @import { Confirm, Naming, Picking } from "../dialogs" */
/** The dialogs: confirm, name, pick a playlist, tell why. One at a time, as native modal dialogs. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { dialog } from "../dialogs.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { createPlaylist, playlists } from "../playlists.js";
import { attempt } from "../toasts.js";
import { Mosaic } from "./cover.js";
import { Icon } from "./icon.js";
import { WhyForm } from "./why.js";

export function Dialogs() {
  const asked = dialog.value;
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    if (asked) ref.current?.showModal();
  }, [asked]);
  if (!asked) return null;
  const forms = { confirm: ConfirmForm, name: NameForm, pick: PickForm, why: WhyForm };
  return html`<dialog ref=${ref} class=${asked.kind === "why" ? "dialog dialog-why" : "dialog"} aria-labelledby="dialog-title" onClose=${cancel}>
    <${forms[asked.kind]} asked=${asked} />
  </dialog>`;
}

/** Closing without an answer is a no. */
function cancel() {
  const asked = dialog.value;
  dialog.value = null;
  if (asked?.kind === "confirm") asked.answer(false);
  if (asked?.kind === "name") asked.answer("");
  if (asked?.kind === "pick") asked.answer(null);
}

/** @template T @param {{ answer: (value: T) => void }} asked @param {T} value */
function reply(asked, value) {
  dialog.value = null;
  asked.answer(value);
}

/** @param {{ asked: Confirm }} props */
function ConfirmForm({ asked }) {
  return html`<form method="dialog" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    reply(asked, true);
  }}>
    <h2 id="dialog-title">${asked.title}</h2>
    <p>${asked.text}</p>
    <${Buttons} action=${asked.action} danger testid="confirm-yes" />
  </form>`;
}

/** @param {{ asked: Naming }} props */
function NameForm({ asked }) {
  return html`<form onSubmit=${(/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    reply(asked, String(form.get("name")).trim());
  }}>
    <h2 id="dialog-title">${asked.title}</h2>
    <label class="field">
      <span>Name</span>
      <input name="name" required maxlength="200" autocomplete="off" autofocus
        value=${asked.value} data-testid="playlist-name" />
    </label>
    <${Buttons} action=${asked.action} testid="playlist-save" />
  </form>`;
}

/** @param {{ action: string, danger?: boolean, testid: string }} props */
function Buttons({ action, danger = false, testid }) {
  return html`<div class="dialog-buttons">
    <button type="button" class="button" onClick=${cancel}>Cancel</button>
    <button type="submit" class=${danger ? "button button-danger" : "button button-main"}
      data-testid=${testid}>${action}</button>
  </div>`;
}

/** @param {{ asked: Picking }} props */
function PickForm({ asked }) {
  const { tracks } = asked;
  return html`<div>
    <h2 id="dialog-title">Add ${tracks.length === 1 ? tracks[0].title : count(tracks.length, "track")}</h2>
    <form class="inline-form" onSubmit=${(/** @type {SubmitEvent} */ event) => createAndAdd(event, asked)}>
      <input name="name" required maxlength="200" placeholder="New playlist" autocomplete="off"
        aria-label="Name of a new playlist" data-testid="playlist-name" />
      <button type="submit" class="button button-main"><${Icon} name="plus" />Create</button>
    </form>
    <div class="pick-list">
      ${(playlists.value ?? []).map(
        (playlist) => html`<button key=${playlist.id} type="button" class="pick"
          data-testid="pick-playlist" onClick=${() => reply(asked, playlist)}>
          <${Mosaic} arts=${playlist.art_ids} name=${playlist.name} width=${40} />
          <span class="pick-name">${playlist.name}</span>
          <small>${count(playlist.track_count, "track")}</small>
        </button>`,
      )}
    </div>
    <div class="dialog-buttons"><button type="button" class="button" onClick=${cancel}>Cancel</button></div>
  </div>`;
}

/** @param {SubmitEvent} event @param {Picking} asked */
function createAndAdd(event, asked) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  return attempt(async () => {
    const made = await createPlaylist(String(form.get("name")).trim());
    reply(asked, made);
  });
}
