"""The official Python SDK's side of `cargo xtask conformance`: makes the calls that stdin names, one in a line."""

import functools
import importlib.metadata
import json
import platform
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException, ServiceResponseException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkmrs import v1 as clusters
from huaweicloudsdkmrs import v2 as mrs
from huaweicloudsdkmrs.v2.region.mrs_region import MrsRegion

CALLS = {
    "UpdateSyncIamUser": (mrs.MrsClient.update_sync_iam_user, mrs.UpdateSyncIamUserRequest),
    "CancelSyncIamUser": (mrs.MrsClient.cancel_sync_iam_user, mrs.CancelSyncIamUserRequest),
    "ShowSyncIamUser": (mrs.MrsClient.show_sync_iam_user, mrs.ShowSyncIamUserRequest),
    "ListSyncStatus": (mrs.MrsClient.list_sync_status, mrs.ListSyncStatusRequest),
    "ListSyncRequirements": (mrs.MrsClient.list_sync_requirements, mrs.ListSyncRequirementsRequest),
    "ListClusters": (clusters.MrsClient.list_clusters, clusters.ListClustersRequest),
    "ShowClusterDetails": (clusters.MrsClient.show_cluster_details, clusters.ShowClusterDetailsRequest),
    "KeystoneListProjects": (iam.IamClient.keystone_list_projects, iam.KeystoneListProjectsRequest),
    "KeystoneListUsers": (iam.IamClient.keystone_list_users, iam.KeystoneListUsersRequest),
    "KeystoneListGroups": (iam.IamClient.keystone_list_groups, iam.KeystoneListGroupsRequest),
    "KeystoneListGroupsForUser": (
        iam.IamClient.keystone_list_groups_for_user,
        iam.KeystoneListGroupsForUserRequest,
    ),
    "KeystoneListUsersForGroupByAdmin": (
        iam.IamClient.keystone_list_users_for_group_by_admin,
        iam.KeystoneListUsersForGroupByAdminRequest,
    ),
}
BODIES = {"UpdateSyncIamUser": mrs.UpdateSyncRequest, "CancelSyncIamUser": mrs.CancelSyncRequest}
SERVICES = {"huaweicloudsdkmrs.v2": mrs.MrsClient, "huaweicloudsdkmrs.v1": clusters.MrsClient}


@functools.cache
def client(service, way, endpoint, region, ak, sk, security_token, project_id, domain_id):
    """A client made as `way` says: by keys and ids, with the project looked up, or by the environment alone."""
    builder = service.new_builder()
    if way == "environment":
        return builder.with_region(MrsRegion.value_of(region)).build()
    if service is iam.IamClient:
        credentials = GlobalCredentials(ak, sk, domain_id)
    else:
        credentials = BasicCredentials(ak, sk, project_id)
    if security_token:
        credentials.with_security_token(security_token)
    builder.with_credentials(credentials)
    if way == "lookup":
        credentials.with_iam_endpoint(endpoint)
        return builder.with_region(Region(region, endpoint)).build()
    return builder.with_endpoint(endpoint).build()


def request(call, kind, arguments):
    """The SDK's request, whose attributes are not named as the fields on the wire."""
    attributes = {wire: attribute for attribute, wire in kind.attribute_map.items()}
    values = {attributes[wire]: value for wire, value in arguments.items()}
    if "body" in values:
        values["body"] = BODIES[call](**values["body"])
    return kind(**values)


def answer(step):
    method, kind = CALLS[step["call"]]
    service = SERVICES.get(kind.__module__.partition(".model")[0], iam.IamClient)
    try:
        made = client(service, **step["client"])
        response = method(made, request(step["call"], kind, step["arguments"]))
        return {"ok": True, "status": response.status_code, "body": json.loads(str(response))}
    except ServiceResponseException as error:
        return {
            "ok": False,
            "status": error.status_code,
            "error_code": str(error.error_code),
            "error_msg": error.error_msg,
            "request_id": error.request_id,
        }
    except SdkException as error:
        return {"ok": False, "error_msg": str(error)}


def say(message):
    print(json.dumps(message), flush=True)


say({"sdk": importlib.metadata.version("huaweicloudsdkmrs"), "language": f"Python {platform.python_version()}"})
for line in sys.stdin:
    step = json.loads(line)
    say({"step": step["step"], **answer(step)})
