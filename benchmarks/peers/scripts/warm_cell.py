"""A cell in a warm kernel, by jupyter_client. Prints {"ms": [...]}: from sending to the result."""

import json
import sys
import time

from jupyter_client.manager import start_new_kernel  # pyright: ignore[reportMissingImports]

SETUP = "def fibo(n):\n    return n if n < 2 else fibo(n - 1) + fibo(n - 2)"
CELL = "fibo(10)"


def main() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(SETUP)
        found: list[float] = []
        for number in range(int(sys.argv[1]) + 5):
            start = time.perf_counter()
            sent = client.execute(CELL)
            while True:
                message = client.get_iopub_msg(timeout=60)
                if message["msg_type"] == "execute_result" and message["parent_header"]["msg_id"] == sent:
                    break
            if number >= 5:
                found.append((time.perf_counter() - start) * 1000)
            client.get_shell_msg(timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    print(json.dumps({"ms": found}), flush=True)


main()
