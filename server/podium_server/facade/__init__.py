"""Side effects and routing: what stands between the gRPC services and the adapters."""
