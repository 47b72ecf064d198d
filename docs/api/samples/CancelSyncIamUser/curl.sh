#!/bin/sh
# Remove users and user groups from Manager (CancelSyncIamUser).
# MRS_IAM_SYNC_TOKEN is an IAM token for the project: curl cannot sign requests with an access key.
# 202 means accepted, not finished: ListSyncStatus tells when it has ended.

curl --silent --show-error --include --fail-with-body --max-time 60 \
  --request DELETE \
  --header "X-Auth-Token: ${MRS_IAM_SYNC_TOKEN:?is not set}" \
  --header 'Content-Type: application/json;charset=UTF-8' \
  --data-binary @- \
  "${MRS_IAM_SYNC_ENDPOINT:-https://mrs.cn-north-4.myhuaweicloud.com}/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user" <<'JSON'
{
  "user_names": ["user1", "user2"],
  "group_names": ["groups1"]
}
JSON
