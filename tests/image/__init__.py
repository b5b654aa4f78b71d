"""The image of the application, and of what looks after the database."""
