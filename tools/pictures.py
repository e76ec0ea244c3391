#!/usr/bin/env python3
"""Takes the pictures of docs/pictures anew: the terminal report at 100 columns, the HTML report, light and dark.

  tools/pictures.py [--program build/dd0c]     needs chromium; look at what it made
"""
import argparse
import html
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLE = "examples/support-desk"
ROWS = 65
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 10px; background: #16171d; color: #e6e6ea; }}
pre {{ margin: 0; font: 14px/18px "DejaVu Sans Mono", monospace; }}</style><pre>{}</pre>"""


def styled(text):
    """Terminal output as HTML: bold and 24-bit colours are all that the report uses."""
    out, at, opened = [], 0, False
    for m in re.finditer(r"\x1b\[([0-9;]*)m", text):
        out.append(html.escape(text[at:m.start()]))
        at = m.end()
        if opened:
            out.append("</span>")
        colour = re.search(r"38;2;(\d+);(\d+);(\d+)", m[1])
        style = f"color: rgb({','.join(colour.groups())});" if colour else ""
        style += " font-weight: bold; color: white;" if re.search(r"(^|;)1(;|$)", m[1]) and not colour else ""
        style += " font-weight: bold;" if re.search(r"^0;1;", m[1]) else ""
        opened = bool(style)
        if opened:
            out.append(f'<span style="{style}">')
    return "".join(out) + html.escape(text[at:]) + ("</span>" if opened else "")


def shoot(page, picture, width, height, *flags):
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}", *flags,
                        f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build" / "dd0c"))
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    env = {**os.environ, "COLORTERM": "truecolor", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = subprocess.run([program, "scan", "--color", "always", "--width", "100", EXAMPLE], cwd=ROOT, env=env, capture_output=True, check=True)
        terminal = folder / "terminal.html"
        terminal.write_text(PAGE.format(styled("\n".join(text.stdout.decode().split("\n")[:ROWS]))))
        shoot(terminal, PICTURES / "report-terminal.png", 867, 10 + 18 * ROWS + 30)
        report = folder / "report.html"
        subprocess.run([program, "scan", "-o", str(report), EXAMPLE], cwd=ROOT, env=env, capture_output=True, check=True)
        shoot(report, PICTURES / "report-html-light.png", 1000, 1560)
        shoot(report, PICTURES / "report-html-dark.png", 1000, 1560, "--blink-settings=preferredColorScheme=0")


if __name__ == "__main__":
    main()
