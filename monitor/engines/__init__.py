"""Who runs the steps: `local` in this process, `distributed` on many machines."""
