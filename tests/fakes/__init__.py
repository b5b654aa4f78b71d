"""Stand-ins for ports, and the time they live in; shared by the tests of several rooms."""
