"""Speed and exactness of Unrolled beside the tools that people use; see README.md."""
