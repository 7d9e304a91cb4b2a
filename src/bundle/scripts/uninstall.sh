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
