// The form: where, and who.
import * as api from "./api.js";
import { chips } from "./chips.js";
import { copyButton, count, fill, h, idle, pressable, say } from "./dom.js";
import { MAX_NAMES, omitted } from "./link.js";
import { picker } from "./picker.js";

// Whoever clicks a link on another page is refused: gate.rs.
const LINK_RULE = "A link is opened by putting it into the address bar.";

/** Makes the form. `changed` is told of each change, `sent` when it is to be sent; `address` gives a link. */
export function makeForm(element, context, { changed, sent, address }) {
  let operation = context.operations[0];
  let requiredOnly = false;
  let busy = false;
  // Whether it was said that names are missing.
  let missed = false;
  const most =
    context.operations.flatMap((it) => it.parameters).find((it) => it.max_items)?.max_items ?? 1000;

  const region = h(
    "select",
    { id: "region", test: "region", "aria-describedby": "region-error" },
    h("option", { value: "" }, "Choose a region…"),
    context.regions.map((id) => h("option", { value: id }, id)),
  );
  const regionError = h("p", { class: "error", id: "region-error", test: "region-error" });
  const project = picker({
    field: "project_id",
    label: "Project",
    list: () => (region.value ? api.projects(region.value).then(projectItems) : null),
    changed,
    chosen: () => {
      cluster.set("");
      loadClusters();
      changed();
    },
  });
  const cluster = picker({
    field: "cluster_id",
    label: "Cluster",
    list: () =>
      region.value && project.value() && !broken("project_id", project.value())
        ? api.clusters(region.value, project.value()).then((all) =>
            all.map((it) => ({ id: it.id, name: it.name, label: [it.name, it.id, it.state].filter(Boolean).join(" — ") })),
          )
        : null,
    changed,
  });
  const everything = h("input", { type: "checkbox", id: "everything", test: "everything", onchange: () => { show(); changed(); } });
  const everythingField = h(
    "div",
    { class: "field", test: "everything-field" },
    h("label", { class: "switch" }, everything, h("span", {}, "Everything that IAM has ", h("code", {}, "is_all_sync"), h("span", { class: "tag optional" }, "optional"))),
    h("p", { class: "muted small" }, "All users and groups, instead of names."),
  );
  const users = chips({ field: "user_names", label: "Users", noun: "user", most, changed });
  const groups = chips({ field: "group_names", label: "Groups", noun: "group", most, changed });
  const membersTold = h("p", { class: "muted small", role: "status", test: "members-status" });
  const members = pressable({ class: "quiet small", test: "members-load" }, "Suggest names from IAM", loadMembers);
  const membersField = h("div", { class: "row" }, members, membersTold);
  const namesError = h("p", { class: "error", id: "names-error", test: "names-error" });
  const hidden = h("p", { class: "muted small", test: "hidden-note" });
  const requiredSwitch = h("input", { type: "checkbox", id: "required-only", test: "required-only", onchange: () => { requiredOnly = requiredSwitch.checked; show(); } });
  const followSwitch = h("input", { type: "checkbox", id: "follow-on", test: "follow-on", checked: true });
  const followText = h("span", {});
  const followField = h("label", { class: "switch" }, followSwitch, followText);
  const heading = h("h2", { id: "form-heading", tabindex: "-1", test: "form-heading" });
  const summary = h("p", { class: "muted" });
  const send = h("button", { type: "submit", class: "primary", test: "send" }, "Send");
  const link = copyButton("Copy link", address, "copy-link", copied);
  const linkTold = h("p", { class: "muted small", test: "link-told" }, LINK_RULE);

  fill(
    element,
    h("div", { class: "row spread" }, heading, h("label", { class: "switch small" }, requiredSwitch, h("span", {}, "Required only"))),
    summary,
    h("div", { class: "field" }, h("label", { for: "region" }, "Region", h("span", { class: "tag" }, "required")), region, regionError),
    project.element,
    cluster.element,
    everythingField,
    users.element,
    groups.element,
    membersField,
    namesError,
    hidden,
    followField,
    h("div", { class: "row" }, send, link, linkTold),
  );

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    users.commit();
    groups.commit();
    if (check()) sent();
  });
  region.addEventListener("change", () => {
    project.set("");
    cluster.set("");
    load();
    changed();
  });

  function projectItems(all) {
    return all.map((it) => ({ id: it.id, name: it.name, label: `${it.name} — ${it.id}${it.enabled === false ? " — disabled" : ""}` }));
  }

  /** Finds projects, then clusters; takes what there is only one of. */
  async function load() {
    const items = await project.load();
    if (!project.value() && items) {
      const named = items.filter((it) => it.name === region.value);
      const only = named.length === 1 ? named[0] : items.length === 1 ? items[0] : null;
      if (only) {
        project.set(only.id);
        changed();
      }
    }
    await loadClusters();
  }

  async function loadClusters() {
    const items = await cluster.load();
    if (!cluster.value() && items?.length === 1) {
      cluster.set(items[0].id);
      changed();
    }
  }

  async function loadMembers() {
    if (!region.value) {
      membersTold.textContent = "Choose a region first.";
      return;
    }
    idle(members, true);
    membersTold.textContent = "Looking…";
    try {
      const found = await api.members(region.value);
      users.suggest(found.user_names);
      groups.suggest(found.group_names);
      membersTold.textContent = `${found.user_names.length.toLocaleString("en")} users and ${found.group_names.length.toLocaleString("en")} groups are suggested as you type.`;
    } catch (failed) {
      membersTold.textContent = `Not listed: ${failed.message} Names can be typed.`;
    }
    idle(members, false);
  }

  const has = (name) => operation.parameters.some((it) => it.name === name);
  const takesNames = () => has("user_names");
  const all = () => has("is_all_sync") && everything.checked;

  /** Shows the fields that the operation has; with "required only", of the optional ones those with a value. */
  function show() {
    fill(heading, h("span", { class: `method ${operation.method.toLowerCase()}` }, operation.method), " ", operation.id);
    summary.textContent = `${operation.summary}.`;
    const wanted = (there, filled) => there && (!requiredOnly || filled);
    const fields = [
      [everythingField, wanted(has("is_all_sync"), everything.checked), has("is_all_sync")],
      [users.element, wanted(takesNames() && !all(), users.names().length > 0), takesNames() && !all()],
      [groups.element, wanted(takesNames() && !all(), groups.names().length > 0), takesNames() && !all()],
    ];
    let left = 0;
    for (const [field, visible, there] of fields) {
      field.hidden = !visible;
      if (there && !visible) left += 1;
    }
    membersField.hidden = users.element.hidden && groups.element.hidden;
    hidden.textContent = left
      ? `${left} optional field${left === 1 ? "" : "s"} hidden. The API requires neither names nor everything; this explorer sends no request without one of them.`
      : "";
    followField.hidden = !operation.write;
    followText.textContent = `Follow it, and show who ${operation.method === "DELETE" ? "is gone" : "arrived"}`;
    send.textContent = operation.write ? `Send ${operation.method}…` : `Send ${operation.method}`;
  }

  function values() {
    const base = { region: region.value, project_id: project.value(), cluster_id: cluster.value() };
    if (!takesNames()) return base;
    if (all()) return { ...base, everything: true };
    return { ...base, user_names: users.names(), group_names: groups.names() };
  }

  /** The rule that an id breaks, if any. */
  function broken(field, id) {
    const it = operation.parameters.find(({ name }) => name === field);
    return it?.pattern && !new RegExp(it.pattern, "u").test(id) ? it.rule : null;
  }

  const state = () => ({
    operation: operation.id,
    region: region.value,
    project_id: project.value(),
    cluster_id: cluster.value(),
    everything: everything.checked,
    user_names: users.names(),
    group_names: groups.names(),
  });

  /** What is wrong with the values: `[field, text]`. */
  function problems() {
    const found = [];
    const given = values();
    if (!given.region) found.push(["region", "Choose the region of the cluster."]);
    for (const field of ["project_id", "cluster_id"]) {
      const name = field === "project_id" ? "project" : "cluster";
      const rule = broken(field, given[field]);
      if (!given[field]) found.push([field, `Choose a ${name}, or type its id.`]);
      else if (rule) found.push([field, `This is no ${name} id: ${rule}`]);
    }
    if (takesNames() && !given.everything && given.user_names.length + given.group_names.length === 0) {
      found.push(["names", has("is_all_sync") ? "Name at least one user or group, or choose everything." : "Name at least one user or group."]);
    }
    if (takesNames() && !given.everything) {
      for (const [field, names] of [["user_names", users], ["group_names", groups]]) {
        if (names.problem()) found.push([field, names.problem()]);
      }
    }
    return found;
  }

  /** Says when an id or a name that is given cannot be one. */
  const unusable = () => problems().find(([field]) => values()[field]?.length)?.[1];

  /** Marks what is wrong and goes there; true when nothing is. */
  function check() {
    const found = problems();
    const text = (field) => found.find(([name]) => name === field)?.[1] ?? "";
    regionError.textContent = text("region");
    if (text("region")) region.setAttribute("aria-invalid", "true");
    else region.removeAttribute("aria-invalid");
    project.complain(text("project_id"));
    cluster.complain(text("cluster_id"));
    missed = text("names") !== "";
    complainOfNames(found);
    if (found.length === 0) return true;
    if (text("names") && requiredOnly) {
      requiredOnly = requiredSwitch.checked = false;
      show();
    }
    ({ region, project_id: project, cluster_id: cluster, names: users, user_names: users, group_names: groups })[found[0][0]].focus();
    say(found.map(([, what]) => what).join(" "));
    return false;
  }

  /** Tells what a link that was copied does not have. */
  function copied() {
    const left = omitted(state());
    const text = left ? `Copied without the ${count(left, "name")}: a link holds ${MAX_NAMES}.` : "Copied";
    linkTold.textContent = left ? `${text} ${LINK_RULE}` : LINK_RULE;
    return text;
  }

  /** Complains of names that can be none; that there are none, once somebody wants to send that. */
  function complainOfNames(found) {
    const text = (field) => found.find(([name]) => name === field)?.[1] ?? "";
    const none = missed ? text("names") : "";
    namesError.textContent = [none, text("user_names"), text("group_names")].filter(Boolean).join(" ");
    users.mark(none || text("user_names"));
    groups.mark(none || text("group_names"));
  }

  /** Takes the complaints away that no longer hold. Of names, which a link may have set, it complains at once. */
  function relax() {
    const found = problems();
    const wrong = new Set(found.map(([field]) => field));
    if (!wrong.has("region")) {
      regionError.textContent = "";
      region.removeAttribute("aria-invalid");
    }
    if (!wrong.has("project_id")) project.complain("");
    if (!wrong.has("cluster_id")) cluster.complain("");
    linkTold.textContent = LINK_RULE;
    missed &&= wrong.has("names");
    complainOfNames(found);
  }

  return {
    values,
    relax,
    load,
    ready: () => problems().length === 0,
    unusable,
    follows: () => followSwitch.checked,
    operation: () => operation,
    clusterName: () => cluster.items().find((it) => it.id === cluster.value())?.name,
    /** While it sends, the button does nothing. */
    busy(on) {
      busy = on;
      idle(send, on);
      send.setAttribute("aria-busy", String(on));
    },
    focus: () => heading.focus(),
    /** Chooses an operation; what the form holds stays. */
    choose(next) {
      operation = next;
      missed = false;
      show();
    },
    state,
    /** Sets the values, as a link does. */
    set(state) {
      region.value = context.regions.includes(state.region) ? state.region : "";
      project.set(state.project_id);
      cluster.set(state.cluster_id);
      everything.checked = state.everything;
      users.set(state.user_names);
      groups.set(state.group_names);
      show();
    },
  };
}
