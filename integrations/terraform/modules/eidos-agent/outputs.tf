output "snapshot_file" {
  description = "Where the snapshot is, once it is there"
  value       = var.snapshot_output
  depends_on  = [null_resource.wait_for_snapshot]
}

output "recipe_file" {
  description = "Where the recipe is, once it is there"
  value       = var.recipe_output
  depends_on  = [null_resource.generate_recipe]
}
