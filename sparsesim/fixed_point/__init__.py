"""The fixed-point execution: a graph in the datapath's own numbers, bit for bit as the Verilog.

It is a second execution beside ONNX's (`sparsesim.engine`), from which it may differ by roundings;
`compare` counts where. `run` in execute.py is the way in.
"""
