# Run by cloud-init with the packed file and the folder that all names are below. NUL parts the entries, a line end
# the name from the content.
import bz2
import pathlib
import sys

entries = bz2.decompress(pathlib.Path(sys.argv[1]).read_bytes()).split(b"\0")
for entry in entries:
    name, _, content = entry.partition(b"\n")
    file = pathlib.Path(sys.argv[2], name.decode())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
