"""Benchmarks and measurements: `python -m bench.NAME`; never timed tests."""
