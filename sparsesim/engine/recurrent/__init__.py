"""Running recurrent layers: the product with the inputs, and the steps with the states."""
