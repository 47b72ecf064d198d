import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.mrs.v2.MrsClient;
import com.huaweicloud.sdk.mrs.v2.model.ShowSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.ShowSyncIamUserResponse;
import com.huaweicloud.sdk.mrs.v2.region.MrsRegion;

/** List the users and user groups that are on Manager (ShowSyncIamUser). */
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

        ShowSyncIamUserRequest request = new ShowSyncIamUserRequest()
                .withClusterId("f7f45c04-4303-411c-9b71-d2cb730dd162");
        ShowSyncIamUserResponse response = client.showSyncIamUser(request);
        System.out.println("users: " + response.getUserNames());
        System.out.println("groups: " + response.getGroupNames());
    }
}
