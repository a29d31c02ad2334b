/** @import { Listener } from "../types" */
/** The demo's synthetic listeners: an admin can look at the product with their ears. */

import { Cover } from "../components/cover.js";
import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { navigate } from "../router.js";
import { listenAs, session } from "../session.js";
import { attempt } from "../toasts.js";

export function ListenersView() {
  const { data, error, reload } = useResource("/listeners");
  /** @type {Listener[] | undefined} */
  const listeners = data?.items;
  if (error && !listeners) return html`<${Trouble} error=${error} retry=${reload} />`;
  return html`<div>
    <header class="view-head">
      <div>
        <h1>Demo listeners</h1>
        <p class="learning">They and their histories are made up. Listen as one of them to see how the answers differ.</p>
      </div>
    </header>
    ${!listeners && html`<${RowSkeletons} />`}
    ${listeners && !listeners.length && html`<${Empty} icon="users" title="No demo listeners">Only the demo library has some.<//>`}
    <ul class="people">
      ${listeners?.map((listener) => html`<${Person} key=${listener.id} listener=${listener} />`)}
    </ul>
  </div>`;
}

/** @param {{ listener: Listener }} props */
function Person({ listener }) {
  const present = session.value?.user.id === listener.id;
  const enter = () =>
    attempt(async () => {
      await listenAs(listener.id);
      navigate("/");
    });
  return html`<li class="person">
    <${Cover} art="" name=${listener.name} width=${64} round />
    <div class="person-text"><b>${listener.name}</b><p>${listener.about}</p></div>
    <button type="button" class="button" data-testid="listen-as" data-user-id=${listener.id} disabled=${present} onClick=${enter}>
      ${present ? "Listening" : "Listen as"}
    </button>
  </li>`;
}
