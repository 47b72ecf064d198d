// Remove users and user groups from Manager (CancelSyncIamUser).
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	mrs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2/region"
)

func run() error {
	credentials, err := basic.NewCredentialsBuilder().
		WithAk(os.Getenv("HUAWEICLOUD_SDK_AK")).
		WithSk(os.Getenv("HUAWEICLOUD_SDK_SK")).
		WithSecurityToken(os.Getenv("HUAWEICLOUD_SDK_SECURITY_TOKEN")). // of temporary keys
		WithProjectId("ff8080828997cb24018a1b2db3440b80").
		SafeBuild()
	if err != nil {
		return err
	}
	mrsRegion, err := region.SafeValueOf("cn-north-4")
	if err != nil {
		return err
	}
	httpClient, err := mrs.MrsClientBuilder().
		WithRegion(mrsRegion).
		WithCredential(credentials).
		SafeBuild()
	if err != nil {
		return err
	}
	client := mrs.NewMrsClient(httpClient)

	userNames := []string{"user1", "user2"}
	groupNames := []string{"groups1"}
	response, err := client.CancelSyncIamUser(&model.CancelSyncIamUserRequest{
		ClusterId: "f7f45c04-4303-411c-9b71-d2cb730dd162",
		Body: &model.CancelSyncRequest{
			UserNames:  &userNames,
			GroupNames: &groupNames,
		},
	})
	if err != nil {
		return err
	}
	// 202 means accepted, not finished: ListSyncStatus tells when it has ended.
	if response.State != nil {
		fmt.Println(*response.State)
	}
	return nil
}

func main() {
	err := run()
	var refused *sdkerr.ServiceResponseError
	switch {
	case err == nil:
		return
	case errors.As(err, &refused):
		fmt.Fprintf(os.Stderr, "%d %s: %s (request %s)\n",
			refused.StatusCode, refused.ErrorCode, refused.ErrorMessage, refused.RequestId)
	default: // no connection, a timeout
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}
