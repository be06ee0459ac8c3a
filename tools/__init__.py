"""What a role may touch: ports, adapters, the kit that makes evidence, the analysis."""
