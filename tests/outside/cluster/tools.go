//go:build tools

// The programs of a cluster's control plane, at the versions of go.mod. Some
// six minutes on two cores, so the tests do not build them by themselves:
//
//	go build -o "$EIDOS_TEST_TOOLS/etcd" go.etcd.io/etcd/server/v3
//	go build -o "$EIDOS_TEST_TOOLS/" k8s.io/kubernetes/cmd/kube-apiserver
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
