// The official Go SDK's side of `cargo xtask bench`: N sequential calls, and what they cost this process.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	mrs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2/model"
)

func main() {
	if len(os.Args) != 6 {
		fail(fmt.Errorf("wants URL, project, cluster, warm-up calls and measured calls"))
	}
	endpoint, project, cluster := os.Args[1], os.Args[2], os.Args[3]
	warmUp, err := strconv.Atoi(os.Args[4])
	fail(err)
	measured, err := strconv.Atoi(os.Args[5])
	fail(err)
	credentials, err := basic.NewCredentialsBuilder().
		WithAk(os.Getenv("HUAWEICLOUD_SDK_AK")).
		WithSk(os.Getenv("HUAWEICLOUD_SDK_SK")).
		WithProjectId(project).
		SafeBuild()
	fail(err)
	http, err := mrs.MrsClientBuilder().
		WithEndpoints([]string{endpoint}).
		WithCredential(credentials).
		WithHttpConfig(config.DefaultHttpConfig()).
		SafeBuild()
	fail(err)
	client := mrs.NewMrsClient(http)

	for range warmUp {
		call(client, cluster)
	}
	before := cpu()
	for range measured {
		call(client, cluster)
	}
	if measured > 0 {
		fmt.Printf("cpu_ns_per_call %d\n", (cpu()-before)/int64(measured))
	}
}

func call(client *mrs.MrsClient, cluster string) {
	everything := false
	users, groups := []string{"user1", "user2"}, []string{"groups1"}
	body := model.UpdateSyncRequest{IsAllSync: &everything, UserNames: &users, GroupNames: &groups}
	answer, err := client.UpdateSyncIamUser(&model.UpdateSyncIamUserRequest{ClusterId: cluster, Body: &body})
	fail(err)
	if answer.State == nil || *answer.State != "synchronizing" {
		fail(fmt.Errorf("another answer: %v", answer))
	}
}

// CPU time of this process, user and system, in nanoseconds.
func cpu() int64 {
	var usage syscall.Rusage
	fail(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
