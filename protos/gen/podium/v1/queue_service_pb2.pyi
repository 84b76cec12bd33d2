from podium.v1 import consume_pb2 as _consume_pb2
from podium.v1 import options_pb2 as _options_pb2
from podium.v1 import queue_messages_pb2 as _queue_messages_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
