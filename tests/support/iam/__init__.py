"""The IAM policies of the functions: their statements, and the calls of tests evaluated against them."""
