// What a link to this page says: the operation and the values of the form. Never a secret: the form has none.

/** Names that a link carries at most; an address has its limits. */
export const MAX_NAMES = 200;

/** How many names a link lacks: it has all of them or none. */
export function omitted(state) {
  const number = state.user_names.length + state.group_names.length;
  return number > MAX_NAMES ? number : 0;
}

/** The part behind `#` for a state of the form. */
export function write(state) {
  const parameters = new URLSearchParams();
  parameters.set("op", state.operation);
  for (const field of ["region", "project_id", "cluster_id"]) {
    if (state[field]) parameters.set(field, state[field]);
  }
  if (state.everything) parameters.set("everything", "1");
  if (omitted(state) === 0) {
    for (const name of state.user_names) parameters.append("user", name);
    for (const name of state.group_names) parameters.append("group", name);
  }
  return `#${parameters}`;
}

/** What a link says, as far as it says something. Values are checked like typed ones. */
export function read(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  if (!parameters.has("op")) return null;
  return {
    operation: parameters.get("op"),
    region: parameters.get("region") ?? "",
    project_id: parameters.get("project_id") ?? "",
    cluster_id: parameters.get("cluster_id") ?? "",
    everything: parameters.get("everything") === "1",
    user_names: parameters.getAll("user"),
    group_names: parameters.getAll("group"),
  };
}
