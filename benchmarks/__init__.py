"""Seeded benchmarks: speed by phase, and quality against every named rule and the bound. See README.md."""
