provider "kubectl" {
  config_path = var.kubeconfig
}

module "eidos_agent" {
  source = "./modules/eidos-agent"

  node_selector = {
    "nodeGroup" = "gpu-nodes"
  }

  tolerations = [{
    key    = "nvidia.com/gpu"
    value  = ""
    effect = "NoSchedule"
  }]

  workload_intent = "training"
  snapshot_output = "cluster-${var.environment}-snapshot.yaml"
  recipe_output   = "cluster-${var.environment}-recipe.yaml"
}
