"""Many runs: sets of unlike losses, where their jobs run, what became of each, and one parent run in the store."""
