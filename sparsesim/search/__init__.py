"""The search for thresholds: the paper's, layer by layer, and a joint one for cycles."""
