#!/bin/bash
# Measures each cluster, makes its recipe and bundle, and installs the bundle
# where you say y. A cluster that fails is named at the end and does not stop
# the others.
#
# Usage: multi-cluster-deploy.sh [CONTEXT:SERVICE:GPU]...

set -euo pipefail

# Define clusters
CLUSTERS=(
  "prod-us-east-1:eks:h100"
  "prod-eu-west-1:eks:h100"
  "staging-us-west-2:eks:gb200"
)
if (($# > 0)); then
  CLUSTERS=("$@")
fi

NAMESPACE="gpu-operator"
MANIFESTS="${MANIFESTS:-deployments/eidos-agent}"
INTENT="${INTENT:-training}"

# The context goes with each command: the user's current one stays as it is.
process() {
  local cluster="$1" response
  local snapshot="snapshot-${cluster}.yaml" recipe="recipe-${cluster}.yaml"
  local k=(kubectl --context "$cluster" -n "$NAMESPACE")

  # Capture snapshot
  "${k[@]}" delete job eidos --ignore-not-found || return
  "${k[@]}" apply -f "$MANIFESTS/2-job.yaml" || return
  "${k[@]}" wait --for=condition=complete --timeout=300s job/eidos || return
  "${k[@]}" get configmap eidos-snapshot \
    -o jsonpath='{.data.snapshot\.yaml}' >"$snapshot" || return

  # Generate recipe
  eidos recipe --snapshot "$snapshot" --intent "$INTENT" \
    --output "$recipe" || return

  # Create bundle
  eidos bundle --recipe "$recipe" --bundlers gpu-operator \
    --output "./bundles/${cluster}" || return

  # Deploy (with approval)
  echo "Deploy to $cluster? [y/N]"
  read -r response || response=N
  if [[ "$response" =~ ^[Yy]$ ]]; then
    install_bundle "$cluster" || return
  fi

  # Clean up
  "${k[@]}" delete job eidos --ignore-not-found
}

# install.sh uses the current context: give it one of its own.
install_bundle() (
  kubeconfig="$(mktemp)"
  trap 'rm -f "$kubeconfig"' EXIT
  kubectl --context "$1" config view --minify --flatten >"$kubeconfig" &&
    export KUBECONFIG="$kubeconfig" &&
    cd "bundles/$1/gpu-operator" &&
    sha256sum -c checksums.txt &&
    ./scripts/install.sh
)

failed=()
for cluster_config in "${CLUSTERS[@]}"; do
  IFS=":" read -r cluster service gpu <<<"$cluster_config"
  echo "Processing cluster: $cluster ($service, $gpu)"
  process "$cluster" || failed+=("$cluster")
done

if ((${#failed[@]} > 0)); then
  echo "Failed: ${failed[*]}" >&2
  exit 1
fi
