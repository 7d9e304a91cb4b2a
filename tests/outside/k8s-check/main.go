// Reads manifests on stdin as the API server would: strict decoding into the
// published types, then Pod Security admission. Prints one JSON line an object:
// what it is, what is wrong with it, and the levels its pods are refused at.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type report struct {
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	Error      string   `json:"error,omitempty"`
	Baseline   []string `json:"baseline,omitempty"`
	Restricted []string `json:"restricted,omitempty"`
}

func main() {
	for _, add := range []func(*runtime.Scheme) error{
		monitoringv1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		if err := add(scheme.Scheme); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	codecs := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict)
	checks, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	out := json.NewEncoder(os.Stdout)
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		object, kind, err := codecs.UniversalDeserializer().Decode(document, nil, nil)
		found := report{}
		if kind != nil {
			found.Kind = kind.Kind
		}
		if err != nil {
			found.Error = err.Error()
		} else {
			if meta, ok := object.(metav1.Object); ok {
				found.Namespace, found.Name = meta.GetNamespace(), meta.GetName()
			}
			if pod := template(object); pod != nil {
				found.Baseline = refusals(checks, api.LevelBaseline, pod)
				found.Restricted = refusals(checks, api.LevelRestricted, pod)
			}
		}
		if err := out.Encode(found); err != nil {
			os.Exit(1)
		}
	}
}

func template(object runtime.Object) *corev1.PodTemplateSpec {
	switch workload := object.(type) {
	case *appsv1.Deployment:
		return &workload.Spec.Template
	case *appsv1.DaemonSet:
		return &workload.Spec.Template
	case *batchv1.Job:
		return &workload.Spec.Template
	case *batchv1.CronJob:
		return &workload.Spec.JobTemplate.Spec.Template
	}
	return nil
}

func refusals(checks policy.Evaluator, level api.Level, pod *corev1.PodTemplateSpec) []string {
	reasons := []string{}
	at := api.LevelVersion{Level: level, Version: api.LatestVersion()}
	for _, result := range checks.EvaluatePod(at, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			reasons = append(reasons, result.ForbiddenReason)
		}
	}
	return reasons
}
