import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.mrs.v2.MrsClient;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncIamUserResponse;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncRequest;
import com.huaweicloud.sdk.mrs.v2.region.MrsRegion;
import java.util.List;

/** Synchronize IAM users and user groups to Manager (UpdateSyncIamUser). */
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

        UpdateSyncRequest body = new UpdateSyncRequest()
                .withIsAllSync(false)
                .withUserNames(List.of("user1", "user2"))
                .withGroupNames(List.of("groups1"));
        UpdateSyncIamUserRequest request = new UpdateSyncIamUserRequest()
                .withClusterId("f7f45c04-4303-411c-9b71-d2cb730dd162")
                .withBody(body);
        // 202 means accepted, not finished: ListSyncStatus tells when it has ended.
        UpdateSyncIamUserResponse response = client.updateSyncIamUser(request);
        System.out.println(response.getState());
    }
}
