"""The engine: executes a graph layer by layer. It knows no hardware."""
