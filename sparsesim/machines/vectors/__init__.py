"""A vector type for kernels that must be vector code on every machine, not by LLVM's leave."""
