#!/usr/bin/env bash
# Remove users and user groups from Manager (CancelSyncIamUser).
# Written after KooCLI's documentation and not executed by the project that made it.
# Credentials are those of KooCLI's profile: hcloud configure init
# The answer says accepted, not finished: ListSyncStatus tells when it has ended.

hcloud MRS CancelSyncIamUser \
  --cli-region=cn-north-4 \
  --project_id=ff8080828997cb24018a1b2db3440b80 \
  --cluster_id=f7f45c04-4303-411c-9b71-d2cb730dd162 \
  --user_names.1=user1 \
  --user_names.2=user2 \
  --group_names.1=groups1
