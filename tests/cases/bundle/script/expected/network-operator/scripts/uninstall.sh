#!/bin/sh
# Removes network-operator, as install.sh installed it.
# With helm where it is installed, else with helm in a Job in the cluster,
# through kubectl alone.
set -eu

action='uninstall'
release='network-operator'
namespace='nvidia-network-operator'
policy='manifests/nicclusterpolicy.yaml'
policy_crd='nicclusterpolicies.mellanox.com'
chart_repository="${CHART_REPOSITORY:-https://helm.ngc.nvidia.com/nvidia}"
helm_image="${HELM_IMAGE:-docker.io/alpine/helm:3.18.6}"
timeout="${TIMEOUT:-600}"
poll="${POLL:-2}"
job="eidos-$action-$release"

say() {
  printf '%s\n' "$*"
}

fail() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

usage() {
  cat <<EOF
Usage: $0

Environment:
  KUBECONFIG        the cluster, as for kubectl
  CHART_REPOSITORY  where the chart is pulled from ($chart_repository)
  HELM_IMAGE        the image of helm where it is not installed ($helm_image)
  TIMEOUT           how long helm waits, in seconds ($timeout)
  POLL              seconds between two looks at a Job in the cluster ($poll)
EOF
}

check() {
  case "${1:-}" in
    '') ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  for seconds in "$timeout" "$poll"; do
    case "$seconds" in
      '' | *[!0-9]*) fail "'$seconds' is no time; write whole seconds, such as 600" ;;
    esac
  done
  cd "$(dirname "$0")/.."
  [ -f values.yaml ] || fail "there is no values.yaml beside scripts/: unpack the bundle whole"
  command -v kubectl >/dev/null 2>&1 ||
    fail "kubectl is not installed: https://kubernetes.io/docs/tasks/tools/"
  kubectl get --raw /version >/dev/null ||
    fail "no cluster answers: check KUBECONFIG and the current context"
}

# Runs helm here or, where it is not installed, as a Job in the cluster.
run_helm() {
  if command -v helm >/dev/null 2>&1; then
    helm "$@"
  else
    say "helm is not installed: running $helm_image in the cluster"
    run_in_cluster "$@"
  fi
}

# Installing cluster-wide objects takes an account that may do so. It exists only
# while the Job runs.
run_in_cluster() {
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  clean_up
  kubectl create serviceaccount "$job" --namespace "$namespace"
  kubectl create clusterrolebinding "$job" --clusterrole cluster-admin \
    --serviceaccount "$namespace:$job"
  kubectl create configmap "$job" --namespace "$namespace" --from-file values.yaml
  job_manifest "$@" | kubectl apply --filename -
  wait_for_job
}

clean_up() {
  kubectl delete job "$job" --namespace "$namespace" --ignore-not-found || true
  kubectl delete configmap "$job" --namespace "$namespace" --ignore-not-found || true
  kubectl delete clusterrolebinding "$job" --ignore-not-found || true
  kubectl delete serviceaccount "$job" --namespace "$namespace" --ignore-not-found || true
}

job_manifest() {
  cat <<EOF
apiVersion: batch/v1
kind: Job
metadata:
  name: "$job"
  namespace: "$namespace"
  labels:
    app.kubernetes.io/name: eidos
    app.kubernetes.io/component: helm
spec:
  backoffLimit: 0
  activeDeadlineSeconds: $((timeout + 120))
  ttlSecondsAfterFinished: 3600
  template:
    spec:
      serviceAccountName: "$job"
      restartPolicy: Never
      tolerations:
        - operator: Exists
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      volumes:
        - name: bundle
          configMap:
            name: "$job"
        - name: home
          emptyDir: {}
      containers:
        - name: helm
          image: "$helm_image"
          workingDir: /bundle
          env:
            - name: HOME
              value: /home
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: bundle
              mountPath: /bundle
              readOnly: true
            - name: home
              mountPath: /home
          command:
            - helm
          args:
EOF
  for argument in "$@"; do
    printf '            - "%s"\n' "$argument"
  done
}

# `kubectl wait` cannot wait for the end of a Job that fails.
wait_for_job() {
  deadline=$(($(date +%s) + timeout + 180))
  while :; do
    ended="$(kubectl get job "$job" --namespace "$namespace" \
      --output 'jsonpath={range .status.conditions[?(@.status=="True")]}{.type} {end}')"
    case " $ended " in
      *' Complete '*)
        print_logs
        return
        ;;
      *' Failed '*)
        print_logs
        fail "helm failed in the cluster; its output is above"
        ;;
    esac
    if [ "$(date +%s)" -ge "$deadline" ]; then
      print_logs
      kubectl describe pods --namespace "$namespace" --selector "job-name=$job" || true
      fail "helm did not end within $((timeout + 180)) s; the cluster's account is above"
    fi
    sleep "$poll"
  done
}

print_logs() {
  kubectl logs "job/$job" --namespace "$namespace" --tail=-1 || true
}

uninstall() {
  say "Removing $release from namespace $namespace"
  if [ -n "$policy" ] && kubectl get crd "$policy_crd" >/dev/null 2>&1; then
    kubectl delete --filename "$policy" --ignore-not-found
  fi
  run_helm uninstall "$release" \
    --namespace "$namespace" \
    --ignore-not-found \
    --wait \
    --timeout "${timeout}s"
  say "Removed $release. The namespace and the CRDs stay: other releases may use them."
}

check "$@"
uninstall
