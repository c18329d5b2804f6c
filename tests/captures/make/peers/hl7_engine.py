"""An MLLP receiver with PyPI hl7: acknowledges with AA what has a PID segment, else AE. argv: port, application, facility."""

import asyncio
import sys

from hl7.mllp import start_hl7_server

port, application, facility = int(sys.argv[1]), sys.argv[2], sys.argv[3]


async def answer(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            code = "AA" if any(segment[0][0] == "PID" for segment in message) else "AE"
            writer.writemessage(message.create_ack(code, application=application, facility=facility))
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass


async def main():
    async with await start_hl7_server(answer, port=port, host="0.0.0.0", encoding="utf-8") as server:
        await server.serve_forever()


asyncio.run(main())
