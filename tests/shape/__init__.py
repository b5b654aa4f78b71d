"""The shape of the code itself: circles, sizes, documentation, errors that travel, clean files."""
