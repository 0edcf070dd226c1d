"""Archives, tables and a small web server with pictures in them, for tests of inputs."""

import base64
import functools
import http.server
import io
import json
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from hashlib import sha256

import numpy as np
from PIL import Image


def png(seed, side=12):
    """Return the bytes of a small PNG of its own."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def named(data):
    """Return what an item of these bytes is called."""
    return sha256(data).hexdigest()


def classes(count=3):
    """Return pictures of two classes in folders, by path."""
    return {
        f"set/{label}/{i}.png": png(i + 100 * (label == "wasp"))
        for label in ("moth", "wasp")
        for i in range(count)
    }


def zip_file(path, files, method=zipfile.ZIP_DEFLATED):
    """Write a zip archive of files by name."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tar_file(path, files, mode="w"):
    """Write a tar archive of files by name."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def hub_table(path, pictures, labels, names=("moth", "wasp"), **columns):
    """Write a Parquet file in the hub's layout: bytes and path, and class names in its notes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list(names)}}
    cells = [data if isinstance(data, dict) else {"bytes": data, "path": None} for data in pictures]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, kind), "label": labels, **columns})
    told = json.dumps({"info": {"features": features}})
    pq.write_table(table.replace_schema_metadata({"huggingface": told}), path, row_group_size=3)
    return path


class Web:
    """A web server of a folder on this machine, which counts what is asked of it.

    `password` is asked for, "name:password", where it is given; `short` paths are cut off in the
    middle of their bytes; `answers` are statuses to give for a path instead.
    """

    def __init__(self, folder):
        self.folder, self.asked = folder, []
        self.password, self.short, self.answers = "", set(), {}
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Handler, web=self, directory=folder)
        )
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"

    def fetched(self, ending=".png"):
        """Return the paths whose bytes were asked for, in order."""
        return [p for m, p in self.asked if m == "GET" and p.split("?")[0].endswith(ending)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args, web, **options):
        self.web = web
        super().__init__(*args, **options)

    def log_message(self, *_):
        pass

    def _refused(self):
        self.web.asked.append((self.command, self.path))
        path = self.path.split("?")[0]
        if path in self.web.answers:
            self.send_error(self.web.answers[path])
            return True
        wanted = "Basic " + base64.b64encode(self.web.password.encode()).decode()
        if self.web.password and self.headers.get("Authorization") != wanted:
            self.send_error(401)
            return True
        if path in self.web.short and self.command == "GET":
            data = (self.web.folder / path.lstrip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return True
        return False

    def do_GET(self):
        if not self._refused():
            super().do_GET()

    def do_HEAD(self):
        if not self._refused():
            super().do_HEAD()


@contextmanager
def web_of(folder):
    """Serve a folder on this machine for a while."""
    web = Web(folder)
    try:
        yield web
    finally:
        web.close()
