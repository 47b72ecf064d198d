#!/usr/bin/env bash
# Tell whether the cluster is in line with IAM (ListSyncRequirements).
# Written after KooCLI's documentation and not executed by the project that made it.
# Credentials are those of KooCLI's profile: hcloud configure init

hcloud MRS ListSyncRequirements \
  --cli-region=cn-north-4 \
  --project_id=ff8080828997cb24018a1b2db3440b80 \
  --cluster_id=f7f45c04-4303-411c-9b71-d2cb730dd162
