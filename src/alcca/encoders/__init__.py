"""Songs to numbers, by name: encoders of sound and of lyrics, ours and other packages' (``registry``)."""
