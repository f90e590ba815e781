"""The two networks: where their files are, what they run on, what goes in and what comes out."""
