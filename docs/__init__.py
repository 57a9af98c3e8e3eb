"""The documentation, and the programs that keep it true to the code."""
