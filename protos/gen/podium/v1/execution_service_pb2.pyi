from podium.v1 import commit_pb2 as _commit_pb2
from podium.v1 import execution_tasks_pb2 as _execution_tasks_pb2
from podium.v1 import execution_workflows_pb2 as _execution_workflows_pb2
from podium.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
