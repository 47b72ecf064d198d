#!/bin/sh
# Tell whether the cluster is in line with IAM (ListSyncRequirements).
# MRS_IAM_SYNC_TOKEN is an IAM token for the project: curl cannot sign requests with an access key.

curl --silent --show-error --include --fail-with-body --max-time 60 \
  --header "X-Auth-Token: ${MRS_IAM_SYNC_TOKEN:?is not set}" \
  "${MRS_IAM_SYNC_ENDPOINT:-https://mrs.cn-north-4.myhuaweicloud.com}/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync/is-synchronous"
