"""What the tests of the built program share: the process, the raw protocol and the client tools."""
