// The page's main module: starts everything, and sends.
//
// For browser tests, elements have data-test attributes:
//   banner, signer, theme, live        what the page is, and what it says to screen readers
//   operations, operation-ID, docs     the operations; ID is the operationId, aria-current the chosen one
//   documentation-link
//   form, form-heading, required-only, hidden-note, send, copy-link, link-told, follow-on
//   region, region-error               and for project_id and cluster_id: FIELD-select, FIELD (typed id),
//                                      FIELD-status, FIELD-reload, FIELD-error
//   everything, everything-field
//   user_names, group_names            the text boxes; with -field, -add, -chips, -chip, -count, -clear, -told
//   members-load, members-status, names-error
//   confirm, confirm-text, confirm-yes, confirm-no
//   result, status, duration, url, request-id, explanation, error-code, meaning, remedy, body, headers
//   refused, refused-code, refused-message, refused-hint
//   follow (data-state: running, finished, incomplete, stopped, failed, late), follow-state, follow-stop,
//   outcome, outcome-summary, outcome-row (data-how: arrived, already, along, missing, present, gone, absent, left)
//   history, history-entry, history-clear
//   samples, language-SLUG, sample-panel, sample, sample-file, sample-copy, sample-download, sample-placeholders
//   signature, signature-waits, signature-refused, stages, stage-request, stage-canonical, stage-string,
//   stage-authorization
// The body has data-ready="true" once the page can be used.
import * as api from "./api.js";
import * as docs from "./docs.js";
import { $, count, debounced, fill, h, say } from "./dom.js";
import { follow, namesOf } from "./follow.js";
import { makeForm } from "./form.js";
import * as link from "./link.js";
import { showAnswer, showRefused } from "./result.js";
import { samples } from "./samples.js";
import { signature } from "./signature.js";
import * as theme from "./theme.js";

/** Names that the dialog lists of a kind. */
const LISTED = 20;
/** Calls that the history keeps. */
const MAX_HISTORY = 100;

async function start() {
  theme.start($("theme"));
  let context;
  try {
    context = await api.context();
  } catch (refused) {
    $("banner").hidden = false;
    $("banner").textContent = `${refused.message} ${refused.hint ?? ""}`;
    return;
  }
  introduce(context);

  const find = (id) => context.operations.find((it) => it.id === id);
  const form = makeForm($("form"), context, {
    changed,
    sent: () => order(context, form),
    address: () => new URL(link.write(form.state()), location.href).href,
  });
  const wanted = () => ({ operation: form.operation(), values: form.values(), ready: form.ready(), unusable: form.unusable() });
  // Steps of the browser's history with the same number share what the form holds: going back and forth between
  // operations takes nothing away that was typed. A link begins anew.
  let visit = history.state?.visit ?? Date.now();
  const keep = () => history.replaceState({ visit }, "", link.write(form.state()));
  const remember = debounced(300, keep);
  const sampled = samples(context, wanted);
  const signed = signature(wanted);

  function changed() {
    form?.relax();
    remember?.();
    sampled?.();
    signed?.();
  }

  function choose(id, focus = true) {
    const operation = find(id) ?? context.operations[0];
    form.choose(operation);
    docs.show(operation);
    document.title = `${operation.id} – API Explorer – MRS IAM synchronization`;
    if (focus) form.focus();
    changed();
  }

  function restore(state) {
    form.set(state);
    choose(state.operation, false);
    form.load();
  }

  /** Chooses an operation as a step that the browser's Back undoes. */
  function step(id) {
    if (id !== form.operation().id) {
      keep();
      history.pushState({ visit }, "", link.write({ ...form.state(), operation: id }));
    }
    choose(id);
  }

  docs.list(context.operations, step);
  if (matchMedia("(max-width: 60rem)").matches) $("docs").open = false;
  restore(
    link.read(location.hash) ?? {
      operation: context.operations[0].id,
      // Where the endpoint is given, it only stands in samples.
      region: context.region ?? (context.endpoint ? "cn-north-4" : ""),
      project_id: context.project_id ?? "",
      cluster_id: "",
      everything: false,
      user_names: [],
      group_names: [],
    },
  );
  // Also what is typed into the address bar comes here.
  addEventListener("popstate", (event) => {
    const state = link.read(location.hash);
    if (!state) return;
    if (event.state?.visit === visit) {
      choose(state.operation);
      return keep();
    }
    visit = event.state?.visit ?? Date.now();
    if (link.write(state) !== link.write(form.state())) restore(state);
  });
  $("skip").addEventListener("click", () => form.focus());
  $("history-clear").addEventListener("click", () => {
    calls.length = 0;
    showHistory();
    form.focus();
  });
  reuse = (state) => {
    if (link.write(state) === link.write(form.state())) return;
    keep();
    visit = Date.now();
    history.pushState({ visit }, "", link.write(state));
    restore(state);
  };
  document.body.dataset.ready = "true";
}

function introduce(context) {
  $("signer").textContent = context.signed_with ? `Signs with ${context.signed_with}` : "No credentials were found at the start";
  $("version").textContent = `Version ${context.version}.`;
  if (context.emulated) {
    $("banner").hidden = false;
    fill($("banner"), h("strong", {}, "EMULATED"), " A sample world inside this program: nothing real is read or changed.");
  } else if (context.endpoint) {
    $("banner").hidden = false;
    fill($("banner"), "All requests go to ", h("strong", {}, context.endpoint), ", whatever the region.");
  }
}

// Sending

let stopFollowing = () => {};

async function order(context, form) {
  const [operation, values] = [form.operation(), form.values()];
  if (operation.write && !(await confirmed(context, operation, values, form.clusterName()))) {
    say("Nothing was sent.");
    return;
  }
  form.busy(true);
  const where = { region: values.region, project_id: values.project_id, cluster_id: values.cluster_id };
  const look = (id) => call(id, where, false, true);
  const follows = operation.write && form.follows();
  let before = null;
  if (follows) {
    try {
      before = namesOf(await look("ShowSyncIamUser"));
    } catch {
      // What was there before is not known then.
    }
  }
  try {
    const answer = await call(operation.id, values, operation.write, false);
    showAnswer(answer);
    if (operation.write && answer.success) {
      // Another one took the place of what was followed. A read, or a refusal, does not.
      stopFollowing();
      $("follow").hidden = true;
      if (follows) stopFollowing = follow({ operation, values, before, look });
    }
  } catch (refused) {
    showRefused(operation.id, refused);
  }
  form.busy(false);
}

/** Sends, and notes it. */
async function call(id, values, confirmedByPerson, automatic) {
  const time = new Date();
  try {
    const answer = await api.send(id, values, confirmedByPerson);
    note({ id, values, time, automatic, answer });
    return answer;
  } catch (refused) {
    note({ id, values, time, automatic, refused });
    throw refused;
  }
}

/** Asks before a write. */
function confirmed(context, operation, values, clusterName) {
  const removes = operation.method === "DELETE";
  const [users, groups] = [values.user_names ?? [], values.group_names ?? []];
  const who = values.everything
    ? "ALL users and groups that IAM has"
    : [users.length ? count(users.length, "user") : "", groups.length ? count(groups.length, "group") : ""].filter(Boolean).join(" and ");
  const cluster = clusterName ? `“${clusterName}” (${values.cluster_id})` : values.cluster_id;
  const place = `${cluster} in ${values.region}`;
  $("confirm-heading").textContent = removes ? "Remove from Manager?" : "Synchronize to Manager?";
  $("confirm-text").textContent = removes
    ? `This removes ${who} from the Manager of cluster ${place}.`
    : `This synchronizes ${who} to the Manager of cluster ${place}.`;
  fill($("confirm-names"), values.everything ? null : [listed("Users", users), listed("Groups", groups)]);
  const also = removes ? "IAM itself is not changed." : values.everything ? "" : "The groups of each user come along.";
  $("confirm-note").textContent = context.emulated ? `${also} EMULATED: nothing real is changed.` : also;
  const [dialog, yes] = [$("confirm"), $("confirm-yes")];
  yes.textContent = removes ? "Remove" : "Synchronize";
  yes.classList.toggle("danger", removes);
  dialog.returnValue = "no";
  return new Promise((decided) => {
    yes.onclick = () => dialog.close("yes");
    $("confirm-no").onclick = () => dialog.close("no");
    dialog.addEventListener("close", () => decided(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}

function listed(title, names) {
  if (names.length === 0) return null;
  const more = names.length > LISTED ? ` and ${count(names.length - LISTED, "other")}` : "";
  return h("p", { class: "wrap" }, h("strong", {}, `${title}: `), `${names.slice(0, LISTED).join(", ")}${more}`);
}

// History

const calls = [];
let reuse = () => {};

function note(entry) {
  const last = calls[0];
  if (entry.automatic && last?.automatic && last.id === entry.id) entry.times = (last.times ?? 1) + 1;
  if (entry.times) calls.shift();
  calls.unshift(entry);
  calls.length = Math.min(calls.length, MAX_HISTORY);
  showHistory();
}

function showHistory() {
  $("history-card").hidden = calls.length === 0;
  fill(
    $("history"),
    calls.map((entry) => {
      const status = entry.answer ? `${entry.answer.status}` : entry.refused.fate.toLowerCase();
      const kind = entry.answer?.status < 300 ? "good" : entry.answer?.status < 500 ? "warn" : "bad";
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "entry", test: "history-entry", onclick: () => again(entry) },
          h("span", { class: "muted small" }, entry.time.toLocaleTimeString("en-GB")),
          h("span", {}, entry.id, entry.times ? ` ×\u00a0${entry.times}` : ""),
          h(
            "span",
            { class: "tail" },
            entry.automatic ? h("span", { class: "muted small" }, "followed") : null,
            h("strong", { class: `status ${kind}` }, status),
            entry.answer ? h("span", { class: "muted small" }, `${entry.answer.duration_ms} ms`) : null,
          ),
        ),
      );
    }),
  );
}

/** Shows a call of the history, and puts its values into the form. */
function again(entry) {
  if (!entry.automatic) {
    reuse({ everything: false, user_names: [], group_names: [], ...entry.values, operation: entry.id });
  }
  if (entry.answer) showAnswer(entry.answer);
  else showRefused(entry.id, entry.refused);
}

start();
