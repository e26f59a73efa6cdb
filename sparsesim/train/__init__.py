"""Training the paper's networks: penalties, thresholds on gradients, their sparsity at every step.

It needs PyTorch (`pip install 'sparsesim[train]'`), imported inside functions; what it makes is
plain ONNX, and nothing else in the package needs it.
"""
