"""Side effects and routing, between the gRPC services and the adapters."""
