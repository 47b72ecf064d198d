#!/usr/bin/env bash
# Tell whether the cluster is in line with IAM (ListSyncRequirements).
# The access key comes from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK.
# The command asks ListSyncStatus and ListSyncRequirements and shows both answers.

MRS_IAM_SYNC_REGION=cn-north-4 mrs-iam-sync status \
  --project-id ff8080828997cb24018a1b2db3440b80 \
  --cluster f7f45c04-4303-411c-9b71-d2cb730dd162
