// The official Node SDK's side of `cargo xtask conformance`: makes the calls that stdin names, one in a line.
//
// npm has the SDK's core, which signs and sends, and no package of these services: what such a package would say of
// each operation stands here.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core');
const { GlobalCredentials } = require('@huaweicloud/huaweicloud-sdk-core/auth/GlobalCredentials');
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder');
const { Region } = require('@huaweicloud/huaweicloud-sdk-core/region/region');
const { version } = require('@huaweicloud/huaweicloud-sdk-core/package.json');

const CLUSTER = '/v2/{project_id}/clusters/{cluster_id}';
const CALLS = {
  UpdateSyncIamUser: { method: 'POST', url: `${CLUSTER}/iam-sync-user` },
  CancelSyncIamUser: { method: 'DELETE', url: `${CLUSTER}/iam-sync-user` },
  ShowSyncIamUser: { method: 'GET', url: `${CLUSTER}/iam-sync-user` },
  ListSyncStatus: { method: 'GET', url: `${CLUSTER}/iam-sync` },
  ListSyncRequirements: { method: 'GET', url: `${CLUSTER}/iam-sync/is-synchronous` },
  ListClusters: { method: 'GET', url: '/v1.1/{project_id}/cluster_infos' },
  ShowClusterDetails: { method: 'GET', url: '/v1.1/{project_id}/cluster_infos/{cluster_id}' },
  KeystoneListProjects: { method: 'GET', url: '/v3/projects' },
  KeystoneListUsers: { method: 'GET', url: '/v3/users' },
  KeystoneListGroups: { method: 'GET', url: '/v3/groups' },
  KeystoneListGroupsForUser: { method: 'GET', url: '/v3/users/{user_id}/groups' },
  KeystoneListUsersForGroupByAdmin: { method: 'GET', url: '/v3/groups/{group_id}/users' },
};

const clients = new Map();

/** A client made as `way` says: by keys and ids, with the project looked up, or with what the environment has. */
function client(global, { way, endpoint, region, ak, sk, security_token, project_id, domain_id }) {
  const name = JSON.stringify([global, way, endpoint, ak, sk, security_token, project_id]);
  if (!clients.has(name)) {
    const keys = { ak, sk, securityToken: security_token ?? undefined };
    const credentials = global
      ? new GlobalCredentials({ ...keys, domainId: domain_id })
      : new BasicCredentials({ ...keys, projectId: project_id ?? undefined, iamEndpoint: endpoint });
    const builder = new ClientBuilder((http) => http);
    if (way !== 'environment') builder.withCredential(credentials);
    if (way === 'lookup') builder.withRegion(new Region(region, [endpoint]));
    else builder.withEndpoint(endpoint);
    clients.set(name, builder.build());
  }
  return clients.get(name);
}

async function answer({ call, client: way, arguments: { body, ...values } }) {
  const { method, url } = CALLS[call];
  const http = client(call.startsWith('Keystone'), way);
  const inPath = (name) => url.includes(`{${name}}`);
  const some = (wanted) => Object.fromEntries(Object.entries(values).filter(([name]) => wanted(name)));
  try {
    const { httpStatusCode: status, ...fields } = await http.sendRequest({
      method,
      url,
      contentType: 'application/json;charset=UTF-8',
      pathParams: some(inPath),
      queryParams: some((name) => !inPath(name)),
      headers: {},
      data: body,
    });
    return { ok: true, status, body: fields };
  } catch (error) {
    const { httpStatusCode: status, errorCode: error_code, errorMsg, requestId: request_id } = error;
    return { ok: false, status, error_code, error_msg: errorMsg ?? String(error), request_id };
  }
}

// The SDK logs to stdout.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const say = (message) => write(`${JSON.stringify(message)}\n`);

say({ sdk: version, language: `Node ${process.versions.node}` });
for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line);
  say({ step: step.step, ...(await answer(step)) });
}
