"""What the systolic array takes of an FPGA, its clock, and its arrays as opponents of others."""
