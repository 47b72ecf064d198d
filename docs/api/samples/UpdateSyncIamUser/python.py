"""Synchronize IAM users and user groups to Manager (UpdateSyncIamUser)."""

import os
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException, ServiceResponseException
from huaweicloudsdkmrs.v2 import MrsClient, UpdateSyncIamUserRequest, UpdateSyncRequest
from huaweicloudsdkmrs.v2.region.mrs_region import MrsRegion


def main():
    for variable in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):
        if not os.environ.get(variable):
            sys.exit(f"{variable} is not set")
    credentials = BasicCredentials(
        ak=os.environ["HUAWEICLOUD_SDK_AK"],
        sk=os.environ["HUAWEICLOUD_SDK_SK"],
        project_id="ff8080828997cb24018a1b2db3440b80",
    )
    # Temporary keys have a token, too.
    credentials.with_security_token(os.environ.get("HUAWEICLOUD_SDK_SECURITY_TOKEN"))
    client = (
        MrsClient.new_builder()
        .with_credentials(credentials)
        .with_region(MrsRegion.value_of("cn-north-4"))
        .build()
    )

    request = UpdateSyncIamUserRequest(
        cluster_id="f7f45c04-4303-411c-9b71-d2cb730dd162",
        body=UpdateSyncRequest(
            is_all_sync=False,
            user_names=["user1", "user2"],
            group_names=["groups1"],
        ),
    )
    # 202 means accepted, not finished: list_sync_status tells when it has ended.
    response = client.update_sync_iam_user(request)
    print(response.state)


if __name__ == "__main__":
    try:
        main()
    except ServiceResponseException as error:
        sys.exit(f"{error.status_code} {error.error_code}: {error.error_msg} (request {error.request_id})")
    except SdkException as error:  # no connection, a timeout
        sys.exit(str(error))
