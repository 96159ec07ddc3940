"""``python -m tests.fakes.starting_postgres SOCKET REFUSALS``: before a PostgreSQL server, one that says for a while that it is just starting.

A process of its own: libpq's ping holds up everything else in the one that asks. Prints its port on loopback.
"""

import asyncio
import struct
import sys

_SAID = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


async def _main(socket: str, refusals: int) -> None:
    left = refusals

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if left:
            left -= 1
            await reader.read(8)
            writer.write(b"E" + struct.pack("!I", len(_SAID) + 4) + _SAID)
            writer.close()
            return
        up, down = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_copy(reader, down), _copy(up, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
    writer.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
