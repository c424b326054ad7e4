"""Local buckets and measures, compared with DuckDB over the samples. `make oracle` compares all cases."""
