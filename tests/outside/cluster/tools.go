//go:build tools

// Package tools holds the versions of a control plane's programs for go.mod;
// `make cluster` builds them.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
