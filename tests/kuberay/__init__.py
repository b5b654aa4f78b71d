"""Tests of what speaks to Kubernetes."""
