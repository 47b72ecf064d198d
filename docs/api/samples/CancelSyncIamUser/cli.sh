#!/usr/bin/env bash
# Remove users and user groups from Manager (CancelSyncIamUser).
# The access key comes from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK.
# It ends when the request is accepted (202); with --wait it waits until that has finished, and tells what came of it.

MRS_IAM_SYNC_REGION=cn-north-4 mrs-iam-sync cancel \
  --project-id ff8080828997cb24018a1b2db3440b80 \
  --cluster f7f45c04-4303-411c-9b71-d2cb730dd162 \
  --user user1 \
  --user user2 \
  --group groups1
