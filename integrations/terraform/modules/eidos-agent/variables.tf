variable "node_selector" {
  description = "Node selector for agent pod; {} where the GPU operator is not yet installed"
  type        = map(string)
  default     = { "nvidia.com/gpu.present" = "true" }
}

variable "tolerations" {
  description = "Tolerations for agent pod; an empty value tolerates every value of the key"
  type = list(object({
    key    = string
    value  = string
    effect = string
  }))
  default = []

  validation {
    condition = alltrue([
      for toleration in var.tolerations :
      contains(["", "NoSchedule", "PreferNoSchedule", "NoExecute"], toleration.effect)
    ])
    error_message = "The effect is NoSchedule, PreferNoSchedule, NoExecute or empty for all of them."
  }

  validation {
    condition = alltrue([
      for toleration in var.tolerations : toleration.key != "" || toleration.value == ""
    ])
    error_message = "A toleration with a value needs a key."
  }
}

variable "image_version" {
  description = "Eidos image version"
  type        = string
  default     = "latest"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_version))
    error_message = "The image version must be an image tag."
  }
}

variable "snapshot_output" {
  description = "Path to save snapshot"
  type        = string
  default     = "snapshot.yaml"

  validation {
    condition     = var.snapshot_output != ""
    error_message = "The path of the snapshot must not be empty."
  }
}

variable "recipe_output" {
  description = "Path to save recipe"
  type        = string
  default     = "recipe.yaml"

  validation {
    condition     = var.recipe_output != ""
    error_message = "The path of the recipe must not be empty."
  }
}

variable "workload_intent" {
  description = "Workload intent: training or inference"
  type        = string
  default     = "training"

  validation {
    condition     = contains(["training", "inference"], var.workload_intent)
    error_message = "The workload intent is training or inference."
  }
}
