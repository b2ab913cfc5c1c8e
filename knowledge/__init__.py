"""What the assistant knows about schemes: corpus, index, retrieval, and the service that answers from them."""
