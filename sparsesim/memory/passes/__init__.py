"""How a layer is cut into blocks, and blocks become passes: the kernels."""
