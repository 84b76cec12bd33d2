"""What every backend must do, in process and over gRPC."""
