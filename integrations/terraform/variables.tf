variable "environment" {
  description = "Part of the file names"
  type        = string
  default     = "dev"
}

variable "kubeconfig" {
  description = "Path of the kubeconfig; kubectl and eidos use its current context too"
  type        = string
  default     = "~/.kube/config"
}
