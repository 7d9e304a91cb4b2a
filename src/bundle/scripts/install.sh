install() {
  say "Installing $release $version in namespace $namespace"
  # The operands need the host's devices and files.
  kubectl get namespace "$namespace" >/dev/null 2>&1 ||
    kubectl create namespace "$namespace"
  kubectl label --overwrite namespace "$namespace" \
    pod-security.kubernetes.io/enforce=privileged
  run_helm upgrade --install "$release" "$chart" \
    --repo "$chart_repository" \
    --version "$version" \
    --namespace "$namespace" \
    --values values.yaml \
    --wait \
    --timeout "${timeout}s"
  if [ -n "$policy" ]; then
    kubectl wait --for=condition=Established "crd/$policy_crd" --timeout=60s
    kubectl apply --filename "$policy"
  fi
  say "Installed $release $version"
}

check "$@"
install
