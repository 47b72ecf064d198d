import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.huaweicloud.sdk.core.ClientBuilder;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.auth.GlobalCredentials;
import com.huaweicloud.sdk.core.auth.ICredential;
import com.huaweicloud.sdk.core.exception.SdkException;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.region.Region;
import com.huaweicloud.sdk.core.utils.JsonUtils;
import com.huaweicloud.sdk.iam.v3.IamClient;
import com.huaweicloud.sdk.iam.v3.model.KeystoneListGroupsForUserRequest;
import com.huaweicloud.sdk.iam.v3.model.KeystoneListGroupsRequest;
import com.huaweicloud.sdk.iam.v3.model.KeystoneListProjectsRequest;
import com.huaweicloud.sdk.iam.v3.model.KeystoneListUsersForGroupByAdminRequest;
import com.huaweicloud.sdk.iam.v3.model.KeystoneListUsersRequest;
import com.huaweicloud.sdk.mrs.v1.model.ListClustersRequest;
import com.huaweicloud.sdk.mrs.v1.model.ShowClusterDetailsRequest;
import com.huaweicloud.sdk.mrs.v2.MrsClient;
import com.huaweicloud.sdk.mrs.v2.model.CancelSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.ShowSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.model.UpdateSyncIamUserRequest;
import com.huaweicloud.sdk.mrs.v2.region.MrsRegion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.BiFunction;

/** The official Java SDK's side of `cargo xtask conformance`: makes the calls that stdin names, one in a line. */
public final class Driver {
    private static final ObjectMapper JSON = new ObjectMapper();

    private interface Call {
        SdkResponse with(Driver driver, JsonNode way, String arguments);
    }

    private static final Map<String, Call> CALLS = Map.ofEntries(
        mrs("UpdateSyncIamUser", UpdateSyncIamUserRequest.class, MrsClient::updateSyncIamUser),
        mrs("CancelSyncIamUser", CancelSyncIamUserRequest.class, MrsClient::cancelSyncIamUser),
        mrs("ShowSyncIamUser", ShowSyncIamUserRequest.class, MrsClient::showSyncIamUser),
        status("ListSyncStatus", StatusCalls::listSyncStatus),
        status("ListSyncRequirements", StatusCalls::listSyncRequirements),
        clusters("ListClusters", ListClustersRequest.class, com.huaweicloud.sdk.mrs.v1.MrsClient::listClusters),
        clusters("ShowClusterDetails", ShowClusterDetailsRequest.class,
            com.huaweicloud.sdk.mrs.v1.MrsClient::showClusterDetails),
        iam("KeystoneListProjects", KeystoneListProjectsRequest.class, IamClient::keystoneListProjects),
        iam("KeystoneListUsers", KeystoneListUsersRequest.class, IamClient::keystoneListUsers),
        iam("KeystoneListGroups", KeystoneListGroupsRequest.class, IamClient::keystoneListGroups),
        iam("KeystoneListGroupsForUser", KeystoneListGroupsForUserRequest.class,
            IamClient::keystoneListGroupsForUser),
        iam("KeystoneListUsersForGroupByAdmin", KeystoneListUsersForGroupByAdminRequest.class,
            IamClient::keystoneListUsersForGroupByAdmin));

    private static <Q> Map.Entry<String, Call> mrs(
            String name, Class<Q> request, BiFunction<MrsClient, Q, SdkResponse> method) {
        return Map.entry(name, (driver, way, arguments) -> method.apply(
            driver.client("v2", MrsClient.newBuilder(), way, basic(way)), JsonUtils.toObject(arguments, request)));
    }

    private static Map.Entry<String, Call> status(
            String name, BiFunction<StatusCalls, ShowSyncIamUserRequest, SdkResponse> method) {
        return Map.entry(name, (driver, way, arguments) -> method.apply(
            driver.client("status", new ClientBuilder<>(StatusCalls::new), way, basic(way)),
            JsonUtils.toObject(arguments, ShowSyncIamUserRequest.class)));
    }

    private static <Q> Map.Entry<String, Call> clusters(
            String name, Class<Q> request, BiFunction<com.huaweicloud.sdk.mrs.v1.MrsClient, Q, SdkResponse> method) {
        return Map.entry(name, (driver, way, arguments) -> method.apply(
            driver.client("v1", com.huaweicloud.sdk.mrs.v1.MrsClient.newBuilder(), way, basic(way)),
            JsonUtils.toObject(arguments, request)));
    }

    private static <Q> Map.Entry<String, Call> iam(
            String name, Class<Q> request, BiFunction<IamClient, Q, SdkResponse> method) {
        return Map.entry(name, (driver, way, arguments) -> method.apply(
            driver.client("iam", IamClient.newBuilder(), way, global(way)), JsonUtils.toObject(arguments, request)));
    }

    private final Map<String, Object> clients = new HashMap<>();

    /** A client made as `way` says: by keys and ids, with the project looked up, or by the environment alone. */
    @SuppressWarnings("unchecked")
    private <C> C client(String service, ClientBuilder<C> builder, JsonNode way, ICredential credential) {
        return (C) clients.computeIfAbsent(service + way, unused -> {
            String region = text(way, "region");
            String endpoint = text(way, "endpoint");
            switch (text(way, "way")) {
                case "environment":
                    return builder.withRegion(MrsRegion.valueOf(region)).build();
                case "lookup":
                    return builder.withCredential(credential).withRegion(new Region(region, endpoint)).build();
                default:
                    return builder.withCredential(credential).withEndpoint(endpoint).build();
            }
        });
    }

    private static BasicCredentials basic(JsonNode way) {
        return new BasicCredentials().withAk(text(way, "ak")).withSk(text(way, "sk"))
            .withSecurityToken(text(way, "security_token")).withProjectId(text(way, "project_id"))
            .withIamEndpoint(text(way, "endpoint"));
    }

    private static GlobalCredentials global(JsonNode way) {
        return new GlobalCredentials().withAk(text(way, "ak")).withSk(text(way, "sk"))
            .withSecurityToken(text(way, "security_token")).withDomainId(text(way, "domain_id"));
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asText(null);
    }

    private ObjectNode answer(JsonNode step) throws IOException {
        ObjectNode answer = JSON.createObjectNode().put("step", text(step, "step"));
        try {
            Call call = CALLS.get(text(step, "call"));
            SdkResponse response = call.with(this, step.get("client"), step.get("arguments").toString());
            answer.put("ok", true).put("status", response.getHttpStatusCode());
            answer.set("body", JSON.readTree(JsonUtils.toJSON(response)));
        } catch (ServiceResponseException error) {
            answer.put("ok", false).put("status", error.getHttpStatusCode()).put("error_code", error.getErrorCode())
                .put("error_msg", error.getErrorMsg()).put("request_id", error.getRequestId());
        } catch (SdkException error) {
            answer.put("ok", false).put("error_msg", error.toString());
        }
        return answer;
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        String name = "/META-INF/maven/com.huaweicloud.sdk/huaweicloud-sdk-mrs/pom.properties";
        try (InputStream file = MrsClient.class.getResourceAsStream(name)) {
            properties.load(file);
        }
        return properties.getProperty("version");
    }

    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(JSON.createObjectNode().put("sdk", version())
            .put("language", "Java " + System.getProperty("java.version")));
        Driver driver = new Driver();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            out.println(driver.answer(JSON.readTree(line)));
        }
        // The SDK's threads would keep the process.
        System.exit(0);
    }
}
