"""PyPI fhirsnake with what real servers have and it lacks: a /metadata route and the FHIR media type.

Run in a folder that holds resources/. argv: port.
"""

import json
import sys
from pathlib import Path

import uvicorn

import fhirsnake

sys.path.insert(0, str(Path(fhirsnake.__file__).parent))
from main import app  # the application of fhirsnake

CAPABILITY = json.loads(Path("capability.json").read_text())


async def metadata():
    return CAPABILITY


app.add_api_route("/metadata", metadata)
app.router.routes.insert(0, app.router.routes.pop())


@app.middleware("http")
async def media_type(request, proceed):
    response = await proceed(request)
    if response.headers.get("content-type") == "application/json":
        response.headers["content-type"] = "application/fhir+json; charset=utf-8"
    return response


uvicorn.run(app, host="0.0.0.0", port=int(sys.argv[1]), log_level="warning")
