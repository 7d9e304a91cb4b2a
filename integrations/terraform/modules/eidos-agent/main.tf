locals {
  # One object a resource is what the provider takes; keyed by kind and name,
  # so that a new document in the middle replaces no other.
  deps = {
    for document in [
      for text in split("\n---\n", file("${path.module}/manifests/1-deps.yaml")) :
      yamldecode(text)
    ] : "${document.kind}/${document.metadata.name}" => yamlencode(document)
  }

  # Every other object lives in the namespace or is bound to the account.
  namespace = { for name, body in local.deps : name => body if startswith(name, "Namespace/") }
  rights    = { for name, body in local.deps : name => body if !startswith(name, "Namespace/") }
}

resource "kubectl_manifest" "eidos_namespace" {
  for_each  = local.namespace
  yaml_body = each.value

  # The GPU operator lives in it too: destroying the agent must not take it.
  apply_only = true
}

resource "kubectl_manifest" "eidos_deps" {
  for_each  = local.rights
  yaml_body = each.value

  depends_on = [kubectl_manifest.eidos_namespace]
}

resource "kubectl_manifest" "eidos_job" {
  yaml_body = templatefile("${path.module}/manifests/2-job.yaml", {
    node_selector = var.node_selector
    tolerations   = var.tolerations
    image_version = var.image_version
  })

  # A Job's pod cannot be changed, and a finished Job is soon gone.
  force_new = true

  depends_on = [kubectl_manifest.eidos_deps]
}

# Wait for job completion and get snapshot from ConfigMap
resource "null_resource" "wait_for_snapshot" {
  triggers = {
    job    = kubectl_manifest.eidos_job.uid
    output = var.snapshot_output
  }

  provisioner "local-exec" {
    command = <<-EOT
      set -e
      kubectl wait --for=condition=complete \
        --timeout=300s job/eidos -n gpu-operator
      kubectl get configmap eidos-snapshot -n gpu-operator \
        -o jsonpath='{.data.snapshot\.yaml}' > "$SNAPSHOT_OUTPUT"
    EOT

    environment = {
      SNAPSHOT_OUTPUT = var.snapshot_output
    }
  }
}

# Generate recipe (uses ConfigMap directly)
resource "null_resource" "generate_recipe" {
  triggers = {
    snapshot = null_resource.wait_for_snapshot.id
    intent   = var.workload_intent
    output   = var.recipe_output
  }

  provisioner "local-exec" {
    command = <<-EOT
      eidos recipe \
        -f cm://gpu-operator/eidos-snapshot \
        --intent "$WORKLOAD_INTENT" \
        -o "$RECIPE_OUTPUT"
    EOT

    environment = {
      WORKLOAD_INTENT = var.workload_intent
      RECIPE_OUTPUT   = var.recipe_output
    }
  }
}
