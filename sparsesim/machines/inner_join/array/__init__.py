"""The array's state and what moves it on: windows, a tile's end, the drain."""
