// After a write was accepted: looks until no synchronization runs, then who is on Manager.
import { $, count, fill, h, say } from "./dom.js";

// As the SDK has them: an idle service is not believed at once, it may start late.
const SETTLE = 10_000;
const DEADLINE = 15 * 60_000;
const FIRST_REST = 1_000;
const LONGEST_REST = 15_000;
const GROWTH = 1.5;
/** Failures in a row that are borne. */
const PATIENCE = 5;
/** Looks for names that are missing once it is known to have finished. */
const SECOND_LOOKS = 3;
/** Rows of the table. */
const MAX_ROWS = 300;

const LABELS = {
  arrived: "arrived",
  already: "already there",
  along: "brought along",
  missing: "missing",
  present: "there",
  gone: "gone",
  absent: "was not there",
  left: "still there",
};

/** Who is on Manager by an answer to ShowSyncIamUser; null when it does not tell. */
export function namesOf(answer) {
  if (answer?.status !== 200) return null;
  try {
    const body = JSON.parse(answer.body);
    if (!Array.isArray(body.user_names) && !Array.isArray(body.group_names)) return null;
    return { user: body.user_names ?? [], group: body.group_names ?? [] };
  } catch {
    return null;
  }
}

/** Follows one write. `look` sends a read of the same cluster. */
export function follow({ operation, values, before, look }) {
  const card = $("follow");
  const abort = new AbortController();
  // Whether the card is another one's by now.
  let replaced = false;
  const heading = h("h2", { id: "follow-heading", tabindex: "-1" }, "The synchronization");
  const state = h("p", { test: "follow-state", role: "status" }, "Accepted; looking whether it runs…");
  const stop = h("button", { type: "button", class: "quiet", test: "follow-stop", onclick: () => abort.abort() }, "Stop following");
  const outcome = h("div", { test: "outcome" });
  fill(card, h("div", { class: "row spread" }, heading, stop), state, outcome);
  card.hidden = false;
  card.dataset.state = "running";
  card.scrollIntoView({ block: "nearest" });

  /** Pressed, or another one's turn. `after` is what was seen last, if anything was. */
  const stopped = (after) => {
    ended("stopped", `No longer followed.${after ? " This is how it was at the last look." : ""} Where it runs, it goes on in the service.`);
    if (after && !replaced) table(outcome, sorted(operation, values, before, after));
  };

  const rest = (milliseconds) =>
    new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      abort.signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
    });

  const ended = (how, text) => {
    if (replaced) return;
    card.dataset.state = how;
    state.textContent = text;
    if (document.activeElement === stop) heading.focus();
    stop.hidden = true;
  };

  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const seconds = () => `${(elapsed() / 1000).toFixed(0)} s`;
  let pause = FIRST_REST;
  /** Rests, longer each time and to the deadline at most; false when that has passed. */
  async function rested() {
    const left = DEADLINE - elapsed();
    if (left <= 0) return false;
    await rest(Math.min(left, pause * (0.75 + Math.random() / 4)));
    pause = Math.min(pause * GROWTH, LONGEST_REST);
    return true;
  }

  /** The answer to a read, or null when there is none. */
  async function read(id) {
    try {
      return await look(id);
    } catch {
      return null;
    }
  }

  const fate = operation.method === "DELETE" ? "still there" : "missing";
  const outstanding = (after) => sorted(operation, values, before, after).filter(([how]) => how === "missing" || how === "left").length;
  const left = (number) => `${count(number, "name")} ${number === 1 ? "is" : "are"} ${fate}`;

  async function run() {
    let [seen, failures] = [false, 0];
    while (await rested()) {
      if (abort.signal.aborted) return stopped();
      const answer = await read("ListSyncStatus");
      if (abort.signal.aborted) return stopped();
      if (answer?.error_code?.endsWith(".0101")) return blind();
      let running;
      try {
        running = answer?.status === 200 ? JSON.parse(answer.body).is_synchronizing : undefined;
      } catch {
        running = undefined;
      }
      if (typeof running !== "boolean") {
        failures += 1;
        if (failures >= PATIENCE) return ended("failed", `The state could not be read ${failures} times in a row. It may go on in the service.`);
        continue;
      }
      failures = 0;
      if (running) {
        seen = true;
        state.textContent = `Running, for ${seconds()}.`;
      } else if (seen || elapsed() > SETTLE) {
        return arrivals();
      } else {
        state.textContent = `Not seen running yet, after ${seconds()}.`;
      }
    }
    ended("late", "Still running after 15 minutes. It goes on in the service.");
  }

  /** It has finished: the names are there, or soon will be. */
  async function arrivals() {
    const took = seconds();
    let after = null;
    for (let times = 0; times < SECOND_LOOKS; times += 1) {
      after = namesOf(await read("ShowSyncIamUser")) ?? after;
      if (abort.signal.aborted) return stopped(after);
      if (after && outstanding(after) === 0) break;
      if (times + 1 < SECOND_LOOKS) await rest(2_000);
    }
    if (!after) return ended("failed", "It has finished, but who is on Manager could not be read.");
    const bad = outstanding(after);
    concluded(after, bad ? `Finished after ${took}, but ${count(bad, "name")} ${fate}.` : `Finished after ${took}.`);
  }

  /**
   * Older services cannot tell whether it runs. The names are all there is to go by then, and without names a list that
   * rests. It may pause before it grows: of names too, only its rest tells.
   */
  async function blind() {
    const unknown = "This service cannot tell whether it runs";
    let [after, shown, since, failures] = [null, "", 0, 0];
    do {
      const now = abort.signal.aborted ? null : namesOf(await read("ShowSyncIamUser"));
      if (abort.signal.aborted) return stopped(after);
      if (!now) {
        failures += 1;
        if (failures >= PATIENCE) return ended("failed", `Who is on Manager could not be read ${failures} times in a row. It may go on in the service.`);
        continue;
      }
      failures = 0;
      after = now;
      if (JSON.stringify(now) !== shown) [shown, since] = [JSON.stringify(now), elapsed()];
      const bad = outstanding(now);
      if (bad === 0 && elapsed() - since >= SETTLE) {
        const what = values.everything ? "The list has not changed for 10 s" : `Every name is ${operation.method === "DELETE" ? "gone" : "there"}`;
        return concluded(after, `${what}, after ${seconds()}. ${unknown}.`);
      }
      const what = bad ? left(bad) : "waiting until the list does not change any more";
      state.textContent = `${unknown}: looking who is on Manager, for ${seconds()}; ${what}.`;
    } while (await rested());
    if (!after) return ended("failed", "Who is on Manager could not be read within 15 minutes.");
    const bad = outstanding(after);
    concluded(after, `After 15 minutes ${bad ? left(bad) : "the list still changes"}. ${unknown}.`);
  }

  /** Shows what has become of each name. */
  function concluded(after, text) {
    const rows = sorted(operation, values, before, after);
    ended(outstanding(after) ? "incomplete" : "finished", text);
    // Whoever still looks at the card sees all of it.
    const shown = card.getBoundingClientRect();
    table(outcome, rows);
    if (shown.top >= 0 && shown.bottom <= innerHeight) card.scrollIntoView({ block: "nearest" });
    say(`${text} ${summary(rows)}`);
  }

  run();
  return () => {
    replaced = true;
    abort.abort();
  };
}

/** Names by what became of them: `[how, kind, name]`. */
function sorted(operation, values, before, after) {
  const rows = [];
  for (const kind of ["user", "group"]) {
    const named = values[`${kind}_names`] ?? [];
    const now = new Set(after[kind]);
    const then = before ? new Set(before[kind]) : null;
    if (operation.method === "DELETE") {
      for (const name of named) rows.push([now.has(name) ? "left" : then && !then.has(name) ? "absent" : "gone", kind, name]);
      continue;
    }
    const here = (name) => (then ? (then.has(name) ? "already" : "arrived") : "present");
    if (values.everything) {
      for (const name of now) rows.push([here(name), kind, name]);
      continue;
    }
    for (const name of named) rows.push([now.has(name) ? here(name) : "missing", kind, name]);
    const others = new Set(named);
    for (const name of now) if (then && !then.has(name) && !others.has(name)) rows.push(["along", kind, name]);
  }
  const order = Object.keys(LABELS);
  return rows.sort((one, other) => order.indexOf(one[0]) - order.indexOf(other[0]));
}

function summary(rows) {
  const counts = new Map();
  for (const [how] of rows) counts.set(how, (counts.get(how) ?? 0) + 1);
  return [...counts].map(([how, number]) => `${number.toLocaleString("en")} ${LABELS[how]}`).join(", ");
}

function table(element, rows) {
  if (rows.length === 0) return fill(element, h("p", { class: "muted" }, "Nobody is on Manager."));
  fill(
    element,
    h("p", { class: "muted small", test: "outcome-summary" }, `${summary(rows)}.`),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "What became of each name" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ["State", "Kind", "Name"].map((text) => h("th", { scope: "col" }, text)))),
        h(
          "tbody",
          {},
          rows.slice(0, MAX_ROWS).map(([how, kind, name]) =>
            h("tr", { test: "outcome-row", "data-how": how }, h("td", {}, h("span", { class: `how ${how}` }, LABELS[how])), h("td", {}, kind), h("td", { class: "wrap" }, name)),
          ),
        ),
      ),
    ),
    rows.length > MAX_ROWS ? h("p", { class: "muted small" }, `And ${count(rows.length - MAX_ROWS, "other name")}.`) : null,
  );
}
