"""Draws the demo shop's pictures: `python resources/demo/draw.py` writes resources/demo/pictures/."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent / "pictures"
SIZE, FINE = (240, 160), 4
Pen = ImageDraw.ImageDraw


def box(x: float, y: float, width: float, height: float) -> list[float]:
    """An ellipse's or rectangle's corners, given its middle."""
    return [FINE * (x - width / 2), FINE * (y - height / 2), FINE * (x + width / 2), FINE * (y + height / 2)]


def line(*points: float) -> list[float]:
    return [FINE * point for point in points]


def apple(pen: Pen) -> None:
    pen.ellipse(box(104, 90, 72, 84), "#c8342b")
    pen.ellipse(box(136, 90, 72, 84), "#d9463a")
    pen.line(line(120, 56, 128, 28), "#6b4426", 6 * FINE)
    pen.ellipse(box(146, 36, 36, 18), "#5a9a4a")
    pen.ellipse(box(96, 76, 14, 26), "#e98a7f")


def banana(pen: Pen) -> None:
    pen.chord(box(120, 40, 170, 190), 20, 160, "#f0c53a")
    pen.chord(box(120, 18, 190, 170), 10, 170, "#f7edc8")
    pen.line(line(42, 78, 34, 62), "#7a5a1e", 8 * FINE)


def orange(pen: Pen) -> None:
    for x, y in ((92, 96), (148, 96), (120, 62)):
        pen.ellipse(box(x, y, 62, 62), "#e8871e")
        pen.ellipse(box(x - 12, y - 12, 16, 12), "#f4b468")
    pen.ellipse(box(132, 34, 30, 14), "#5a9a4a")


def grapes(pen: Pen) -> None:
    for row, (count, y) in enumerate(((4, 54), (3, 78), (2, 102), (1, 126))):
        for n in range(count):
            x = 120 + (n - (count - 1) / 2) * 28
            pen.ellipse(box(x, y, 32, 32), "#6d4aa3" if (row + n) % 2 else "#7e5bb5")
            pen.ellipse(box(x - 6, y - 6, 9, 7), "#b7a0dc")
    pen.line(line(120, 42, 120, 20), "#6b4426", 6 * FINE)


def cookie(pen: Pen) -> None:
    pen.ellipse(box(120, 80, 116, 116), "#c98f4e")
    pen.ellipse(box(118, 76, 104, 102), "#dba765")
    for x, y in ((92, 62), (128, 48), (150, 84), (112, 96), (86, 100), (136, 116)):
        pen.ellipse(box(x, y, 16, 14), "#5b3a22")


def coffee(pen: Pen) -> None:
    pen.ellipse(box(112, 134, 130, 18), "#d9c4ae")
    pen.ellipse(box(164, 84, 52, 48), "#ffffff")
    pen.ellipse(box(164, 84, 30, 28), "#ead8c6")
    pen.rounded_rectangle(box(112, 86, 92, 84), 26 * FINE, "#ffffff")
    pen.ellipse(box(112, 52, 84, 22), "#6f4a30")
    pen.ellipse(box(112, 52, 44, 10), "#b98a63")


GROUNDS = {
    apple: "#f7dedb",
    banana: "#fdf3d0",
    orange: "#fde6cb",
    grapes: "#e7def4",
    cookie: "#f6e8d5",
    coffee: "#ead8c6",
}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    for draw, ground in GROUNDS.items():
        sheet = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), ground)
        draw(ImageDraw.Draw(sheet))
        sheet.resize(SIZE, Image.Resampling.LANCZOS).quantize(64).save(HERE / f"{draw.__name__}.png", optimize=True)


if __name__ == "__main__":
    main()
