"""What runs inside the person's server, not in the agent: it may import what is there."""
