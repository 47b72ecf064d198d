import com.fasterxml.jackson.annotation.JsonProperty;
import com.huaweicloud.sdk.core.HcClient;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.http.FieldExistence;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequestDef;
import com.huaweicloud.sdk.core.http.LocationType;
import com.huaweicloud.sdk.mrs.v2.model.ShowSyncIamUserRequest;

/**
 * The two status operations, which the newest Java SDK on Maven Central does not have: what it would say of them, for
 * its core to sign, send and read.
 */
final class StatusCalls {
    public static final class Status extends SdkResponse {
        @JsonProperty("is_synchronizing")
        public Boolean isSynchronizing;
    }

    public static final class Requirements extends SdkResponse {
        @JsonProperty("is_synchronous")
        public Boolean isSynchronous;
    }

    private final HcClient http;

    StatusCalls(HcClient http) {
        this.http = http;
    }

    Status listSyncStatus(ShowSyncIamUserRequest request) {
        return http.syncInvokeHttp(request, definition("ListSyncStatus", "iam-sync", Status.class));
    }

    Requirements listSyncRequirements(ShowSyncIamUserRequest request) {
        return http.syncInvokeHttp(
            request, definition("ListSyncRequirements", "iam-sync/is-synchronous", Requirements.class));
    }

    private static <R> HttpRequestDef<ShowSyncIamUserRequest, R> definition(
            String name, String path, Class<R> response) {
        return HttpRequestDef.builder(HttpMethod.GET, ShowSyncIamUserRequest.class, response)
            .withName(name)
            .withUri("/v2/{project_id}/clusters/{cluster_id}/" + path)
            .withContentType("application/json")
            .<String>withRequestField("cluster_id", LocationType.Path, FieldExistence.NON_NULL_NON_EMPTY,
                String.class, field -> field.withMarshaller(
                    ShowSyncIamUserRequest::getClusterId, ShowSyncIamUserRequest::setClusterId))
            .build();
    }
}
