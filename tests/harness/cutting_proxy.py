"""A proxy of TCP that breaks connections off."""
import socket
import threading


class CuttingProxy:
    """Between the server and its origin: breaks connections off after so many bytes of an answer."""

    def __init__(self, port):
        self.port_behind = port
        self.bytes_max = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            behind = socket.create_connection(("127.0.0.1", self.port_behind))
            threading.Thread(target=self._pump, args=(client, behind, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(behind, client, True), daemon=True).start()

    def _pump(self, source, target, is_answer):
        passed = 0
        try:
            while data := source.recv(65536):
                if is_answer and self.bytes_max is not None:
                    data = data[: max(0, self.bytes_max - passed)]
                passed += len(data)
                target.sendall(data)
                if is_answer and self.bytes_max is not None and passed >= self.bytes_max:
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
