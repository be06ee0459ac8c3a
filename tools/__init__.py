"""What a role may touch: ports, adapters, the toolset that makes evidence, the analysis."""
