plugin "terraform" {
  enabled = true
  preset  = "all"
}

# One file per entity; none of them is the main one.
rule "terraform_standard_module_structure" {
  enabled = false
}
