// The official Go SDK's side of `cargo xtask conformance`: makes the calls that stdin names, one in a line.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	iam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"
	clusters "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v1"
	mrs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2"
	mrsregion "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/mrs/v2/region"
)

type step struct {
	Step      string          `json:"step"`
	Call      string          `json:"call"`
	Arguments json.RawMessage `json:"arguments"`
	Client    way             `json:"client"`
}

// How a client is made: by "keys" and ids, with the project looked up ("lookup"), or by the "environment" alone.
type way struct {
	Way           string `json:"way"`
	Endpoint      string `json:"endpoint"`
	Region        string `json:"region"`
	Ak            string `json:"ak"`
	Sk            string `json:"sk"`
	SecurityToken string `json:"security_token"`
	ProjectId     string `json:"project_id"`
	DomainId      string `json:"domain_id"`
}

type answer struct {
	Step      string `json:"step"`
	Ok        bool   `json:"ok"`
	Status    int    `json:"status,omitempty"`
	ErrorCode string `json:"error_code,omitempty"`
	ErrorMsg  string `json:"error_msg,omitempty"`
	RequestId string `json:"request_id,omitempty"`
	Body      any    `json:"body,omitempty"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	fail(out.Encode(map[string]string{"sdk": version(), "language": strings.Replace(runtime.Version(), "go", "Go ", 1)}))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var next step
		fail(json.Unmarshal(lines.Bytes(), &next))
		fail(out.Encode(next.take()))
	}
	fail(lines.Err())
}

func (s step) take() answer {
	response, err := s.call()
	var refused *sdkerr.ServiceResponseError
	switch {
	case errors.As(err, &refused):
		return answer{Step: s.Step, Status: refused.StatusCode, ErrorCode: refused.ErrorCode,
			ErrorMsg: refused.ErrorMessage, RequestId: refused.RequestId}
	case err != nil:
		return answer{Step: s.Step, ErrorMsg: err.Error()}
	}
	status := reflect.ValueOf(response).Elem().FieldByName("HttpStatusCode").Int()
	return answer{Step: s.Step, Ok: true, Status: int(status), Body: response}
}

func (s step) call() (any, error) {
	switch s.Call {
	case "UpdateSyncIamUser":
		return on(s, s.Client.mrs, (*mrs.MrsClient).UpdateSyncIamUser)
	case "CancelSyncIamUser":
		return on(s, s.Client.mrs, (*mrs.MrsClient).CancelSyncIamUser)
	case "ShowSyncIamUser":
		return on(s, s.Client.mrs, (*mrs.MrsClient).ShowSyncIamUser)
	case "ListSyncStatus":
		return on(s, s.Client.mrs, (*mrs.MrsClient).ListSyncStatus)
	case "ListSyncRequirements":
		return on(s, s.Client.mrs, (*mrs.MrsClient).ListSyncRequirements)
	case "ListClusters":
		return on(s, s.Client.clusters, (*clusters.MrsClient).ListClusters)
	case "ShowClusterDetails":
		return on(s, s.Client.clusters, (*clusters.MrsClient).ShowClusterDetails)
	case "KeystoneListProjects":
		return on(s, s.Client.iam, (*iam.IamClient).KeystoneListProjects)
	case "KeystoneListUsers":
		return on(s, s.Client.iam, (*iam.IamClient).KeystoneListUsers)
	case "KeystoneListGroups":
		return on(s, s.Client.iam, (*iam.IamClient).KeystoneListGroups)
	case "KeystoneListGroupsForUser":
		return on(s, s.Client.iam, (*iam.IamClient).KeystoneListGroupsForUser)
	case "KeystoneListUsersForGroupByAdmin":
		return on(s, s.Client.iam, (*iam.IamClient).KeystoneListUsersForGroupByAdmin)
	}
	return nil, fmt.Errorf("no such call: %s", s.Call)
}

// The SDK's requests read the arguments, as their JSON names are those on the wire.
func on[C, Q, R any](s step, connect func() (*C, error), method func(*C, *Q) (*R, error)) (any, error) {
	client, err := connect()
	if err != nil {
		return nil, err
	}
	request := new(Q)
	if err := json.Unmarshal(s.Arguments, request); err != nil {
		return nil, err
	}
	return method(client, request)
}

// Connections are kept, as programs keep them.
var connections = map[way]*core.HcHttpClient{}

func (w way) mrs() (*mrs.MrsClient, error) {
	http, err := w.connection(mrs.MrsClientBuilder(), w.basic)
	return mrs.NewMrsClient(http), err
}

func (w way) clusters() (*clusters.MrsClient, error) {
	http, err := w.connection(clusters.MrsClientBuilder(), w.basic)
	return clusters.NewMrsClient(http), err
}

func (w way) iam() (*iam.IamClient, error) {
	// The account's id instead of a project's: other credentials, another connection.
	w.ProjectId = ""
	http, err := w.connection(iam.IamClientBuilder(), w.global)
	return iam.NewIamClient(http), err
}

func (w way) connection(builder *core.HcHttpClientBuilder, credentials func() (auth.ICredential, error)) (*core.HcHttpClient, error) {
	if known := connections[w]; known != nil {
		return known, nil
	}
	if w.Way == "environment" {
		named, err := mrsregion.SafeValueOf(w.Region)
		if err != nil {
			return nil, err
		}
		builder.WithRegion(named)
	} else {
		given, err := credentials()
		if err != nil {
			return nil, err
		}
		builder.WithCredential(given)
		if w.Way == "lookup" {
			builder.WithRegion(region.NewRegion(w.Region, w.Endpoint))
		} else {
			builder.WithEndpoints([]string{w.Endpoint})
		}
	}
	made, err := builder.SafeBuild()
	connections[w] = made
	return made, err
}

func (w way) basic() (auth.ICredential, error) {
	builder := basic.NewCredentialsBuilder().WithAk(w.Ak).WithSk(w.Sk).WithSecurityToken(w.SecurityToken)
	if w.Way == "lookup" {
		return builder.WithIamEndpointOverride(w.Endpoint).SafeBuild()
	}
	return builder.WithProjectId(w.ProjectId).SafeBuild()
}

func (w way) global() (auth.ICredential, error) {
	builder := global.NewCredentialsBuilder().WithAk(w.Ak).WithSk(w.Sk).WithSecurityToken(w.SecurityToken)
	return builder.WithDomainId(w.DomainId).SafeBuild()
}

// The SDK's version as it was built in.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/huaweicloud/huaweicloud-sdk-go-v3" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return ""
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
