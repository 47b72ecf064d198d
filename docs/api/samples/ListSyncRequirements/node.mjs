// Tell whether the cluster is in line with IAM (ListSyncRequirements).
// npm has no MRS package of the official SDK: its core signs the request, and fetch sends it.

import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";

const endpoint = process.env.MRS_IAM_SYNC_ENDPOINT || "https://mrs.cn-north-4.myhuaweicloud.com";
const projectId = "ff8080828997cb24018a1b2db3440b80";
const clusterId = "f7f45c04-4303-411c-9b71-d2cb730dd162";

const { HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk, HUAWEICLOUD_SDK_SECURITY_TOKEN: token } = process.env;
if (!ak || !sk) {
  console.error("HUAWEICLOUD_SDK_AK or HUAWEICLOUD_SDK_SK is not set");
  process.exit(1);
}

const url = `${endpoint}/v2/${projectId}/clusters/${clusterId}/iam-sync/is-synchronous`;
const request = {
  method: "GET",
  endpoint: url,
  headers: {
    "content-type": "application/json",
    "X-Project-Id": projectId,
    ...(token && { "X-Security-Token": token }), // of temporary keys
  },
};
const headers = AKSKSigner.sign(request, new BasicCredentials({ ak, sk }));

const response = await fetch(url, {
  method: request.method,
  headers,
  redirect: "error", // the signature is for this host only
  signal: AbortSignal.timeout(60_000),
});
const text = await response.text();
if (!response.ok) {
  // The text has error_code and error_msg, unless it is a gateway's page.
  console.error(`${response.status} ${text} (request ${response.headers.get("x-request-id")})`);
  process.exit(1);
}
const answer = JSON.parse(text);
console.log(answer.is_synchronous);
