"""An agent kind of its own, as somebody would add it who only reads the guide."""
