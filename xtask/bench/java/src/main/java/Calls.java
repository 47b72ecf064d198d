import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.mrs.v2.MrsClient;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncIamUserResponse;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncRequest;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;

/** The official Java SDK's side of `cargo xtask bench`: N sequential calls, and what they cost this process. */
public final class Calls {
    public static void main(String[] arguments) {
        String endpoint = arguments[0];
        String project = arguments[1];
        String cluster = arguments[2];
        int warmUp = Integer.parseInt(arguments[3]);
        int measured = Integer.parseInt(arguments[4]);
        BasicCredentials credentials = new BasicCredentials()
            .withAk(System.getenv("HUAWEICLOUD_SDK_AK")).withSk(System.getenv("HUAWEICLOUD_SDK_SK"))
            .withProjectId(project);
        MrsClient client = MrsClient.newBuilder().withCredential(credentials).withEndpoint(endpoint).build();
        for (int number = 0; number < warmUp; number++) {
            call(client, cluster);
        }
        // User and system, the compiler's threads included.
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long before = process.getProcessCpuTime();
        for (int number = 0; number < measured; number++) {
            call(client, cluster);
        }
        if (measured > 0) {
            System.out.println("cpu_ns_per_call " + (process.getProcessCpuTime() - before) / measured);
        }
        // The SDK's threads would keep the process.
        System.exit(0);
    }

    private static void call(MrsClient client, String cluster) {
        UpdateSyncRequest body = new UpdateSyncRequest().withIsAllSync(false)
            .withGroupNames(List.of("groups1")).withUserNames(List.of("user1", "user2"));
        UpdateSyncIamUserResponse answer =
            client.updateSyncIamUser(new UpdateSyncIamUserRequest().withClusterId(cluster).withBody(body));
        if (!"synchronizing".equals(String.valueOf(answer.getState()))) {
            throw new IllegalStateException("another answer: " + answer);
        }
    }
}
