output "snapshot_file" {
  value = module.eidos_agent.snapshot_file
}

output "recipe_file" {
  value = module.eidos_agent.recipe_file
}
