"""What server and client share: the codec between messages and models, and the error table."""
