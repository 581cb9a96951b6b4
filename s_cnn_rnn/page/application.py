"""The page's web application: what is asked for, and the JSON that answers.

======  ===================================  ===============================================
GET     ``/``, ``/static/NAME``              the package's own files
GET     ``/api/runs``                        the runs, and what is accepted
POST    ``/api/photographs``                 the bytes of a file -> its name, and what is written
GET     ``/api/photographs/NAME/picture``    the photograph as the page shows it
POST    ``/api/photographs/NAME/caption``    concepts set (`requests.wanted`) -> what is written
POST    ``/api/photographs/NAME/reasons``    the same -> why
======  ===================================  ===============================================

No address is ever turned into a path: static files are read when the application is built.
"""

import pathlib
import threading
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.memory import is_out_of_memory
from s_cnn_rnn.page.as_json import annotation_json, explanation_json
from s_cnn_rnn.page.guard import THIS_MACHINE, Guard
from s_cnn_rnn.page.recent import RecentPhotographs, ShownPhotograph
from s_cnn_rnn.page.requests import Wanted, limited_body, wanted
from s_cnn_rnn.page.shown_run import ShownRun
from s_cnn_rnn.page.uploads import UploadLimits, shown_picture

KEPT = 8
"""Photographs that are kept in memory."""
STATIC = pathlib.Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
NO_MEMORY = "not enough memory for this; end other programs, or take a smaller photograph"
GONE = "this photograph is no longer kept; upload it again"


class Page:
    """Answers requests.

    Args:
        runs: what is shown, in their order.
        limits: of uploads.
        kept: photographs that are kept in memory; those not asked for longest go first.
    """

    def __init__(self, runs: Sequence[ShownRun], limits: UploadLimits, kept: int = KEPT):
        self.runs, self.limits = tuple(runs), limits
        self.recent = RecentPhotographs(kept)
        self.tensorflow = threading.Lock()  # one request at a time is with the models
        self.uploads = threading.Lock()  # one photograph at a time is decoded, whatever its size
        self.files = {path.name: path.read_bytes() for path in STATIC.iterdir()}

    async def page(self, _: Request) -> Response:
        """The page itself."""
        return self._file("page.html")

    async def static(self, request: Request) -> Response:
        """One of the package's own files."""
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        if name not in self.files:
            raise HTTPException(404, "there is no such file")
        kind = MEDIA_TYPES[pathlib.PurePath(name).suffix]
        return Response(self.files[name], media_type=kind)

    async def described(self, _: Request) -> Response:
        """The runs, and what is accepted."""
        limits = {"megabytes": self.limits.megabytes, "megapixels": self.limits.megapixels}
        return JSONResponse({"runs": [run.described() for run in self.runs], "limits": limits})

    async def upload(self, request: Request) -> Response:
        """A photograph comes; it is encoded, and kept."""
        refusal = f"This file is larger than {self.limits.megabytes:g} MB; none larger is accepted"
        content = await limited_body(request, self.limits.bytes, refusal)
        try:
            return JSONResponse(await _in_thread(self._look, content))
        except DamagedPhotograph as damaged:
            raise HTTPException(422, str(damaged)) from damaged

    def _look(self, content: bytes) -> dict:
        with self.uploads:
            picture = shown_picture(content, self.limits)
            with self.tensorflow:
                kept = tuple(run.annotator.keep(content) for run in self.runs)
        photograph = ShownPhotograph(picture, kept)
        nothing_set = [Wanted(run, {}, False) for run in range(len(self.runs))]
        annotations = [self._write(photograph, each) for each in nothing_set]
        return {"photograph": self.recent.add(photograph), "annotations": annotations}

    async def picture(self, request: Request) -> Response:
        """The photograph as the page shows it."""
        return Response(self._photograph(request).picture, media_type="image/jpeg")

    async def caption(self, request: Request) -> Response:
        """What is written, with concepts set."""
        return await self._answer(request, self._write)

    async def reasons(self, request: Request) -> Response:
        """Why it is written, with concepts set."""
        return await self._answer(request, self._explain)

    async def _answer(self, request: Request, answer) -> Response:
        photograph = self._photograph(request)
        asked = await wanted(request, len(self.runs))
        try:
            return JSONResponse(await _in_thread(answer, photograph, asked))
        except (ValueError, FileNotFoundError) as error:
            raise HTTPException(400, str(error)) from error

    def _write(self, photograph: ShownPhotograph, asked: Wanted) -> dict:
        run, kept = self.runs[asked.run], photograph.kept[asked.run]
        with self.tensorflow:
            annotation = kept.annotation(
                asked.probabilities, correlated=asked.correlated, beams=run.beams
            )
        return annotation_json(annotation, run.annotator.model.learnt_concepts)

    def _explain(self, photograph: ShownPhotograph, asked: Wanted) -> dict:
        kept = photograph.kept[asked.run]
        with self.tensorflow:
            explanation = kept.explanation(asked.probabilities, correlated=asked.correlated)
        return explanation_json(explanation)

    def _photograph(self, request: Request) -> ShownPhotograph:
        photograph = self.recent.find(request.path_params["photograph"])
        if photograph is None:
            raise HTTPException(404, GONE)
        return photograph


async def _in_thread(work: Callable, *given) -> dict:
    """Works beside the page; where memory runs out the page says so, and goes on."""
    try:
        return await run_in_threadpool(work, *given)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise HTTPException(503, NO_MEMORY) from error


async def _told(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


def build_application(
    runs: Sequence[ShownRun],
    *,
    limits: UploadLimits | None = None,
    kept: int = KEPT,
    hosts: Sequence[str] = THIS_MACHINE,
) -> Starlette:
    """The page of one run, or of several beside each other.

    Args:
        runs: one or more.
        limits: of uploads.
        kept: photographs that are kept in memory.
        hosts: names under which the page may be asked for; none: any.

    Raises:
        ValueError: there is no run.
    """
    if not runs:
        raise ValueError("expected a run, or several")
    page = Page(runs, limits or UploadLimits(), kept)
    of_one = "/api/photographs/{photograph}"
    routes = [
        Route("/", page.page),
        Route("/static/{name}", page.static),
        Route("/api/runs", page.described),
        Route("/api/photographs", page.upload, methods=["POST"]),
        Route(f"{of_one}/picture", page.picture),
        Route(f"{of_one}/caption", page.caption, methods=["POST"]),
        Route(f"{of_one}/reasons", page.reasons, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: _told},
    )
