import com.fasterxml.jackson.annotation.JsonProperty;
import com.huaweicloud.sdk.core.ClientBuilder;
import com.huaweicloud.sdk.core.HcClient;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.http.FieldExistence;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequestDef;
import com.huaweicloud.sdk.core.http.LocationType;
import com.huaweicloud.sdk.mrs.v2.region.MrsRegion;

/** Tell whether the cluster is in line with IAM (ListSyncRequirements). */
public final class Sample {
    public static void main(String[] args) {
        try {
            run();
        } catch (ServiceResponseException e) {
            System.err.printf("%d %s: %s (request %s)%n",
                    e.getHttpStatusCode(), e.getErrorCode(), e.getErrorMsg(), e.getRequestId());
            System.exit(1);
        } catch (SdkException e) { // no connection, a timeout
            System.err.println(e.getMessage() + ": " + e.getCause());
            System.exit(1);
        }
    }

    private static void run() {
        BasicCredentials credentials = new BasicCredentials()
                .withAk(System.getenv("HUAWEICLOUD_SDK_AK"))
                .withSk(System.getenv("HUAWEICLOUD_SDK_SK"))
                .withSecurityToken(System.getenv("HUAWEICLOUD_SDK_SECURITY_TOKEN")) // of temporary keys
                .withProjectId("ff8080828997cb24018a1b2db3440b80");
        HcClient client = new ClientBuilder<>(core -> core)
                .withCredential(credentials)
                .withRegion(MrsRegion.valueOf("cn-north-4"))
                .build();

        // huaweicloud-sdk-mrs 3.1.143 does not have this operation: the core of the SDK sends it.
        HttpRequestDef<String, Answer> operation = HttpRequestDef.builder(HttpMethod.GET, String.class, Answer.class)
                .withName("ListSyncRequirements")
                .withUri("/v2/{project_id}/clusters/{cluster_id}/iam-sync/is-synchronous")
                .withContentType("application/json")
                .<String>withRequestField("cluster_id", LocationType.Path, FieldExistence.NON_NULL_NON_EMPTY,
                        String.class, field -> field.withMarshaller(clusterId -> clusterId, (clusterId, value) -> {}))
                .build();
        Answer answer = client.syncInvokeHttp("f7f45c04-4303-411c-9b71-d2cb730dd162", operation);
        System.out.println(answer.isSynchronous);
    }

    public static final class Answer extends SdkResponse {
        @JsonProperty("is_synchronous")
        public Boolean isSynchronous;
    }
}
