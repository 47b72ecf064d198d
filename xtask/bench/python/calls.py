"""The official Python SDK's side of `cargo xtask bench`: N sequential calls, and what they cost this process."""

import os
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkmrs.v2 import MrsClient, UpdateSyncIamUserRequest, UpdateSyncRequest

endpoint, project, cluster, warm_up, measured = sys.argv[1:]
warm_up, measured = int(warm_up), int(measured)
credentials = BasicCredentials(os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], project)
client = MrsClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()


def call():
    body = UpdateSyncRequest(is_all_sync=False, group_names=["groups1"], user_names=["user1", "user2"])
    answer = client.update_sync_iam_user(UpdateSyncIamUserRequest(cluster_id=cluster, body=body))
    assert answer.state == "synchronizing", answer


for _ in range(warm_up):
    call()
# User and system.
before = time.process_time_ns()
for _ in range(measured):
    call()
if measured:
    print("cpu_ns_per_call", (time.process_time_ns() - before) // measured)
