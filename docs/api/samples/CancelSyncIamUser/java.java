import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.mrs.v2.MrsClient;
import com.huaweicloud.sdk.mrs.v2.model.CancelSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.CancelSyncIamUserResponse;
import com.huaweicloud.sdk.mrs.v2.model.CancelSyncRequest;
import com.huaweicloud.sdk.mrs.v2.region.MrsRegion;
import java.util.List;

/** Remove users and user groups from Manager (CancelSyncIamUser). */
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
        MrsClient client = MrsClient.newBuilder()
                .withCredential(credentials)
                .withRegion(MrsRegion.valueOf("cn-north-4"))
                .build();

        CancelSyncRequest body = new CancelSyncRequest()
                .withUserNames(List.of("user1", "user2"))
                .withGroupNames(List.of("groups1"));
        CancelSyncIamUserRequest request = new CancelSyncIamUserRequest()
                .withClusterId("f7f45c04-4303-411c-9b71-d2cb730dd162")
                .withBody(body);
        // 202 means accepted, not finished: ListSyncStatus tells when it has ended.
        CancelSyncIamUserResponse response = client.cancelSyncIamUser(request);
        System.out.println(response.getState());
    }
}
