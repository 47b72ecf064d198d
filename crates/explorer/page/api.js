// The explorer's own routes. A page can ask for nothing else: its content security policy says so.

/** A request that the explorer refused, or that got no answer. */
export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.code;
    this.hint = error.hint;
    this.field = error.field;
    this.sent = error.sent;
    this.causes = error.causes ?? [];
    this.errorCode = error.error_code;
    this.requestId = error.request_id;
  }

  /** In two words: only a request that is known not to have left was not sent. */
  get fate() {
    return this.sent === false ? "Not sent" : "No answer";
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", redirect: "error", ...options });
  } catch {
    throw new Refused({
      code: "gone",
      message: "The explorer does not answer.",
      hint: "Is it still running? Start it again and open the address that it prints.",
    });
  }
  if (response.ok) return response;
  let error;
  try {
    error = (await response.json()).error;
  } catch {
    error = undefined;
  }
  throw new Refused(error ?? { code: "unexpected", message: `The explorer answered ${response.status}.` });
}

const post = (path, body, signal) =>
  call(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });

const asked = async (path, body) => (await post(path, body)).json();

export const context = async () => (await call("/api/context")).json();
export const projects = async (region) => (await asked("/api/projects", { region })).projects;
export const clusters = async (region, project_id) =>
  (await asked("/api/clusters", { region, project_id })).clusters;
export const members = (region) => asked("/api/members", { region });
export const preview = (operation_id, values) => asked("/api/preview", { operation_id, values });
export const sample = (language, operation_id, values) =>
  asked("/api/sample", { language, operation_id, values });
export const send = (operation_id, values, confirmed) =>
  asked("/api/send", { operation_id, values, confirmed });
export const archive = async (language, operation_id, values) =>
  (await post("/api/archive", { language, operation_id, values })).blob();
