"""Hands drawn onto pictures, and pictures put onto contact sheets."""
