// The official Node SDK's side of `cargo xtask bench`: N sequential calls, and what they cost this process.
//
// npm has the SDK's core, which signs and sends, and no package of the service: what such a package would say of the
// operation stands here.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core');
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder');

const [endpoint, projectId, cluster, warmUp, measured] = process.argv.slice(2);
const { HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk } = process.env;
const credentials = new BasicCredentials({ ak, sk, projectId });
const client = new ClientBuilder((http) => http).withCredential(credentials).withEndpoint(endpoint).build();

// The SDK logs to stdout.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;

async function call() {
  const answer = await client.sendRequest({
    method: 'POST',
    url: '/v2/{project_id}/clusters/{cluster_id}/iam-sync-user',
    contentType: 'application/json;charset=UTF-8',
    pathParams: { cluster_id: cluster },
    queryParams: {},
    headers: {},
    data: { is_all_sync: false, group_names: ['groups1'], user_names: ['user1', 'user2'] },
  });
  if (answer.state !== 'synchronizing') throw new Error(`another answer: ${JSON.stringify(answer)}`);
}

for (let number = 0; number < Number(warmUp); number += 1) await call();
// User and system, in microseconds.
const before = process.cpuUsage();
for (let number = 0; number < Number(measured); number += 1) await call();
const { user, system } = process.cpuUsage(before);
if (Number(measured)) write(`cpu_ns_per_call ${Math.round(((user + system) * 1000) / Number(measured))}\n`);
