/** @import { Why as Asked } from "../dialogs" */
/** @import { Told, Why } from "../types" */
/** "Tell me why": who speaks for a track, what you did that counts, how likely it was; and what to say back. */

import { dialog } from "../dialogs.js";
import { isUnwanted, toggleFeedback } from "../feedback.js";
import { isForgotten, toggleTrack } from "../forgetting.js";
import { day, names } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { percent, ShareBar } from "./bars.js";
import { Cover } from "./cover.js";
import { Icon } from "./icon.js";
import { RowSkeletons, Trouble } from "./notices.js";

const close = () => {
  dialog.value = null;
};

/** @param {{ asked: Asked }} props */
export function WhyForm({ asked }) {
  const { track } = asked;
  const { data, error, reload } = useResource(`/tracks/${track.id}/why`);
  const unwanted = isUnwanted(track);
  return html`<div class="why" data-testid="why">
    <div class="why-head">
      <${Cover} art=${track.art_id} name=${track.album?.title ?? track.title} width=${64} />
      <div><h2 id="dialog-title">Why ${track.title}?</h2><p>${names(track.artists)}</p></div>
    </div>
    ${error && !data && html`<${Trouble} error=${error} retry=${reload} />`}
    ${!error && !data && html`<${RowSkeletons} rows=${4} />`}
    ${data && html`<${Story} why=${data} />`}
    <div class="dialog-buttons">
      <button type="button" class="button" data-testid="why-less" disabled=${unwanted} onClick=${() => {
        close();
        toggleFeedback(track, "dislike");
      }}><${Icon} name="thumbs-down" />Less like this</button>
      <button type="button" class="button button-main" autofocus onClick=${close}>Close</button>
    </div>
  </div>`;
}

/** @param {{ why: Why }} props */
function Story({ why: { sentences, voices, told, place, chance, refused } }) {
  return html`
    ${refused && html`<p class="why-refused" data-testid="why-refused"><${Icon} name="ban" />It will not come now. ${refused}</p>`}
    <ul class="why-reasons">${sentences.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul>
    <${Part} title=${voices.some(({ share }) => share < 0) ? "What speaks for it, and against" : "What speaks for it"} rows=${voices.map((voice) => html`<${ShareBar} key=${voice.kind} name=${voice.words} share=${voice.share} />`)} />
    <${Part} title="Because of what you did" rows=${told.map((one) => html`<${Deed} key=${one.track_id} told=${one} />`)} />
    ${
      place !== null &&
      html`<p class="why-chance">Number ${place} of what may come next,
        with a chance of ${percent(chance)} to be the very next.</p>`
    }
  `;
}

/** @param {{ title: string, rows: any[] }} props */
function Part({ title, rows }) {
  if (!rows.length) return null;
  return html`<section class="why-part"><h3>${title}</h3><ul>${rows}</ul></section>`;
}

/** @type {Record<Told["why"], string>} */
const DID = {
  liked: "you like it",
  finished: "you finished it",
  played: "you played it",
  skipped: "you skipped it",
  disliked: "it is not for you",
  seed: "it began this radio",
};

/** @param {{ told: Told }} props */
function Deed({ told }) {
  const { track_id: id, title, why, at, share } = told;
  const gone = isForgotten(id);
  const heard = why === "finished" || why === "played" || why === "skipped";
  const when = heard && at > 0 ? day(at) : "";
  return html`<${ShareBar} share=${gone ? 0 : share} text=${gone ? "forgotten" : undefined}
    name=${html`${title} <small>${[DID[why], when].filter(Boolean).join(" · ")}</small>`}>
    ${
      heard &&
      html`<button type="button" class="text-button share-act" data-testid="why-forget"
        onClick=${() => toggleTrack({ id, title })}>${gone ? "Bring back" : "Forget that"}</button>`
    }
  <//>`;
}
