/** @import { Figure, Outcome, Report } from "../types" */
/** What came of the recommendations: how often they were skipped, by where and by what chose them. */

import { Select } from "../components/filters.js";
import { Empty, RowSkeletons, Trouble } from "../components/notices.js";
import { Whiskers } from "../components/whiskers.js";
import { count, day } from "../format.js";
import { html } from "../html.js";
import { nameOfGenerator, nameOfSurface } from "../report-names.js";
import { useResource } from "../resource.js";
import { place } from "../router.js";
import { session } from "../session.js";

const WHOSE = { own: "Yours", everybody: "Everybody's" };

export function ReportView() {
  const isAdmin = session.value?.user.role === "admin";
  const whose = isAdmin ? (place.value.query.get("whose") ?? "own") : "own";
  const { data, error, reload } = useResource(whose === "own" ? "/report" : "/report/overall");
  return html`<div>
    <header class="view-head">
      <div>
        <h1>What came of it</h1>
        <p class="learning">How often a track that was chosen for ${whose === "own" ? "you" : "somebody"} was skipped:
          ended by hand before half of it. The line is where the true rate is, with 95 % certainty.</p>
      </div>
      ${isAdmin && html`<${Select} name="whose" label="Whose listens" value=${whose} options=${WHOSE} />`}
    </header>
    ${error && !data && html`<${Trouble} error=${error} retry=${reload} />`}
    ${!error && !data && html`<${RowSkeletons} rows=${6} />`}
    ${data && html`<${Findings} report=${data} />`}
  </div>`;
}

/** @param {{ report: Report }} props */
function Findings({ report }) {
  const { overall, own, surfaces, generators, exploration, simulated, since } = report;
  if (!overall.listens && !simulated?.overall.listens)
    return html`<${Empty} icon="chart-column" title="Nothing to report yet">
      Once tracks that Antiphon chose have been played, this page says how they were received.
    <//>`;
  return html`<div data-testid="report">
    <${Part} title=${`Since ${day(since)}`} rows=${[
      ["Chosen by Antiphon", overall],
      ["Chosen by hand", own],
    ]} />
    ${exploration && html`<p class="report-note">${share(exploration)} of the recommended listens went to music that was new.</p>`}
    <${Part} title="By where it was shown" rows=${surfaces.map((one) => [nameOfSurface(one.surface), one])} />
    <${Part} title="By what chose it" rows=${generators.map((one) => [nameOfGenerator(one.generator), one])} />
    ${
      simulated &&
      html`<section class="part"><h2>Of simulated listeners</h2>
      <p class="report-note">They and their taste are made up; they do not count above.</p></section>
      <${Part} title="" rows=${[["Chosen by Antiphon", simulated.overall], ["Chosen by hand", simulated.own]]} />`
    }
  </div>`;
}

/** @param {{ title: string, rows: [string, Outcome][] }} props */
function Part({ title, rows }) {
  const heard = rows.filter(([, outcome]) => outcome.listens > 0);
  if (!heard.length) return null;
  return html`<section class="part">
    ${title && html`<h2>${title}</h2>`}
    <table class="report" data-testid="report-table">
      <thead><tr><th scope="col"><span class="visually-hidden">What</span></th><th scope="col">Heard</th>
        <th scope="col">Skipped</th><th scope="col"><span class="visually-hidden">As a bar</span></th></tr></thead>
      <tbody>${heard.map(([name, outcome]) => html`<${Row} key=${name} ...${{ name, outcome }} />`)}</tbody>
    </table>
  </section>`;
}

/** @param {{ name: string, outcome: Outcome }} props */
function Row({ name, outcome: { listens, shown, skip_rate } }) {
  const seen = shown > 0 ? `, shown ${count(shown, "time")}` : "";
  return html`<tr>
    <th scope="row">${name}</th>
    <td title=${`${count(listens, "listen")}${seen}`}>${listens.toLocaleString("en")}</td>
    <td>${skip_rate ? share(skip_rate) : "–"}</td>
    <td class="report-bar">${skip_rate && html`<${Whiskers} figure=${skip_rate} />`}</td>
  </tr>`;
}

/** @param {Figure} figure such as "12 % (8–17)" */
const share = ({ value, low, high }) =>
  html`<b>${rounded(value)} %</b> <small class="dim">${rounded(low)}–${rounded(high)}</small>`;

/** @param {number} value 0 to 1 */
const rounded = (value) => Math.round(value * 100);
