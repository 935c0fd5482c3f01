"""Small class-organised image sets drawn by code, for the demo and the tests.

Lengths are in image heights: y is 0 (top) to 1, x is 0 to the aspect ratio, so a scene keeps its
looks at any size. Colours are RGB in 0..1, written in hex, channels first: float32 of shape
(3, 1, 1) for a colour, (count, 3, 1, 1) for several, (3, height, width) for a picture.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

RGB = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]


def draw_scene(class_name: str, seed: int, index: int, height: int = 240, width: int = 320) -> RGB:
    """Draw an image of a class; equal arguments give equal pixels.

    Args:
        class_name: One of the keys of `SCENES`.
        seed: 0 or more; each seed gives another set of images.
        index: 0 or more; the number of the image in its class.
        height: In pixels.
        width: In pixels.

    Returns:
        RGB, uint8 of shape (height, width, 3).

    Raises:
        ValueError: There is no such class.
    """
    if class_name not in SCENES:
        raise ValueError(f"no scene is called {class_name!r}: choose from {', '.join(SCENES)}")
    rng = np.random.default_rng([seed, zlib.crc32(class_name.encode()), index])
    return SCENES[class_name](rng, height, width)


def write_scenes(
    folder: Path, per_class: int = 50, seed: int = 0, height: int = 240, width: int = 320
) -> int:
    """Write JPEG images in a folder for each class: `folder/boat/boat_000.jpg` and so on.

    Args:
        folder: Made if missing; files of the same names are overwritten.
        per_class: The number of images of each class.
        seed: As for `draw_scene`.
        height: In pixels.
        width: In pixels.

    Returns:
        The number of images written.
    """
    for class_name in SCENES:
        (folder / class_name).mkdir(parents=True, exist_ok=True)
        for index in range(per_class):
            bgr = draw_scene(class_name, seed, index, height, width)[:, :, ::-1]
            _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
            (folder / class_name / f"{class_name}_{index:03d}.jpg").write_bytes(jpeg.tobytes())
    return per_class * len(SCENES)


_HOURS = (
    "4a6fa5 9fb4d0 f3cdb9 fde6c4 fff1cf e8d3d0",
    "2f7fc9 6db1e6 b5dcf3 e6f4f8 fffbe8 ffffff",
    "5b7db1 c9a9a6 f6b26b ffd98e fff0b8 f2cfa0",
    "2b2a5a 6b4a86 d9657a fba66a ffd9a0 9a7f9c",
)
"""Dawn to dusk: the sky's four colours from the top down, the sun's, the tint of the light."""


def _rgb(colours: str) -> Floats:
    """`"ff0000 00ff00"` -> two colours, shape (2, 3, 1, 1)."""
    return np.array([[*bytes.fromhex(c)] for c in colours.split()], "f4")[..., None, None] / 255


def _path(points: str) -> Floats:
    """`"0,1 .5,-2"` -> two points, shape (2, 2)."""
    return np.array([point.split(",") for point in points.split()], np.float64)


def _ramp(colours: Floats, position: Floats) -> Floats:
    """The gradient through some colours, at a map of positions in 0..1."""
    table = np.asarray(cv2.resize(colours[..., 0, 0], (3, 1024)), np.float32)
    return table.T[:, np.clip(position * 1023, 0, 1023).astype(np.int16)]


def _mix(first: Floats, second: Floats, share: Floats | float) -> Floats:
    return first + (second - first) * share


def _blur(picture: Floats, radius: float) -> Floats:
    return np.stack([np.asarray(cv2.GaussianBlur(p, (0, 0), radius), np.float32) for p in picture])


def _step(low: float, high: float, value: Floats) -> Floats:
    """0 up to `low`, 1 from `high`, smooth in between."""
    t: Floats = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


class _Canvas:
    """A picture in the making: float32 `pixels`, and the positions `x`, `y` of columns and rows."""

    def __init__(self, rng: np.random.Generator, height: int, width: int) -> None:
        self.rng, self.scale, self.aspect = rng, height, width / height
        self.pixels: Floats = np.zeros((3, height, width), np.float32)
        self.x = (np.arange(width, dtype=np.float32)[None] + 0.5) / height
        self.y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height

    def noise(self, rows: int, columns: int, octaves: int) -> Floats:
        """Smooth noise of about -1..1 with a grid of bumps; a single row has shape (1, width)."""
        total = np.zeros((self.scale if rows > 1 else 1, len(self.x[0])), np.float32)
        for octave in range(octaves):
            grid = (rows << octave if rows > 1 else 1, columns << octave)
            bumps = self.rng.uniform(-1, 1, grid).astype(np.float32)
            total += cv2.resize(bumps, total.shape[::-1], interpolation=cv2.INTER_CUBIC) / 2**octave
        return total

    def pick(self, colours: str) -> Floats:
        """One of some colours, in the light of the hour."""
        return np.asarray(self.rng.choice(_rgb(colours)) * self.tint)

    def blend(self, alpha: Floats, colour: Floats) -> None:
        """Cover the picture with a colour, or another picture, as far as `alpha` (0..1) says."""
        self.pixels += alpha * (colour - self.pixels)

    def under(self, line: Floats, colour: Floats) -> None:
        """Cover what lies under a line: y as a function of x."""
        self.blend(np.clip((self.y - line) * self.scale + 0.5, 0, 1), colour)

    def draw(self, path: npt.ArrayLike, colour: Floats, alpha: float = 1, pen: float = 0) -> None:
        """Fill a polygon of (x, y) points; with a pen, stroke the line through them."""
        corners, thickness = np.asarray(path) * self.scale, max(1, round(pen * self.scale))
        left, top = np.maximum(corners.min(0).astype(int) - thickness - 2, 0)
        right, bottom = np.maximum(corners.max(0).astype(int) + thickness + 3, 0)
        window = self.pixels[:, top:bottom, left:right]
        mask = np.zeros(window.shape[1:], np.uint8)
        points = [((corners - (left + 0.5, top + 0.5)) * 16).astype(np.int32)]
        if mask.size and pen:
            cv2.polylines(mask, points, False, 255, thickness, cv2.LINE_AA, 4)
        elif mask.size:
            cv2.fillPoly(mask, points, 255, cv2.LINE_AA, 4)
        window += mask * np.float32(alpha / 255) * (colour - window)

    def box(self, x: float, y: float, width: float, height: float, colour: Floats) -> None:
        self.draw((x, y) + _path("0,0 1,0 1,1 0,1") * (width, height), colour)

    def disc(self, at: npt.ArrayLike, r: npt.ArrayLike, colour: Floats, alpha: float = 1) -> None:
        turn = np.linspace(0, 2 * np.pi, 32)
        self.draw(np.asarray(at) + np.stack([np.cos(turn), np.sin(turn)], 1) * r, colour, alpha)

    def sky(self, hours: Sequence[str], horizon: float) -> None:
        """Begin with the sky of one of the hours: sun and clouds, or moon and stars."""
        colours, side = _rgb(self.rng.choice(hours)), int(self.rng.choice([-1, 1]))
        self.hues, self.light, self.tint = colours[:4], colours[4], colours[5]
        self.pixels = np.repeat(_ramp(self.hues, self.y / horizon), len(self.x[0]), 2)
        self.sun = self.aspect * (0.5 + side * self.rng.uniform(0.15, 0.38))
        y, size = self.rng.uniform(0.11, horizon - 0.1), self.rng.uniform(0.035, 0.06)
        away = ((self.x - self.sun) ** 2 + (self.y - y) ** 2) / size**2
        self.blend(0.4 * np.exp(-away / 64) + 0.4 * np.exp(-away / 6), self.light)
        self.disc((self.sun, y), size, self.light)
        dark = int(self.hues[0].max() < 0.2)
        for *at, alpha in self.rng.uniform((0, 0, 0.1), (self.aspect, 0.5, 0.8), (80 * dark, 3)):
            self.disc(at, 0.003, self.light, alpha)
        field, clear = self.noise(6, 3, 5), self.rng.uniform(-0.04, 0.5)
        cover = _step(clear, clear + 1, field) * _step(0, 0.3, horizon - self.y)
        shade = _step(-0.2, 0.6, np.roll(field, max(1, self.scale // 40), 0) - field)
        bank = _mix(_mix(self.light, self.hues[2], 0.35), self.hues[1], 0.6 * shade)
        self.blend((0.85 - 0.7 * dark) * cover * _step(0, 0.15, self.y), bank)

    def ripple(self, shore: float, water: Floats) -> Floats:
        """Set waves in what is below `shore`; returns their crests, shape (height, width)."""
        depth, bumps = np.maximum(self.y - shore, 0), self.rng.normal(0, 0.7, (24, 24))
        tile = cv2.resize(bumps.astype(np.float32), (256, 256), interpolation=cv2.INTER_CUBIC)
        u = (self.x - self.aspect / 2) * 30 / (depth + 0.12)
        v = np.broadcast_to(200 * np.log(depth + 0.06), u.shape)
        waves = cv2.remap(tile, u, v, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT) * (depth > 0)
        swing = 0.5 * waves * (0.01 + depth)
        u = (self.x + 0.35 * swing) * self.scale
        v = np.maximum(self.y + swing, np.minimum(self.y, shore)) * self.scale
        for plane, tone in zip(self.pixels, water, strict=True):
            moved = cv2.remap(plane, u, v, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
            moved += (0.15 + 0.5 * _step(0, 0.6, depth)) * (tone - moved)
            plane += np.sign(depth) * (moved * (1 + 0.16 * waves) - plane)
        return np.asarray(waves)

    def finish(self) -> RGB:
        """Vary the exposure and the white balance, darken the corners, add grain."""
        corners = (self.x / self.aspect - 0.5) ** 2 + (self.y - 0.5) ** 2
        cast = self.rng.uniform(0.96, 1.06) * self.rng.uniform(0.97, 1.03, 3).astype(np.float32)
        pixels = self.pixels * (cast[:, None, None] * (1.02 - 0.35 * corners))
        pixels += 0.01 * self.rng.standard_normal(corners.shape, np.float32)
        return np.ascontiguousarray((pixels * 255 + 0.5).clip(0, 255).transpose(1, 2, 0), np.uint8)


def _boat(rng: np.random.Generator, height: int, width: int) -> RGB:
    """A sailing boat at sea."""
    c, horizon = _Canvas(rng, height, width), rng.uniform(0.54, 0.64)
    edge = round(horizon * height)
    c.sky(_HOURS, horizon)
    c.under(horizon + 0.03 - 0.09 * c.noise(1, 3, 4), _mix(c.pick("2f4a55"), c.hues[3], 0.45))
    sail, size = c.pick("ffffff fff3df e0452f f2a81d 2f7fc0 2fa890"), rng.uniform(0.36, 0.5)
    parts = (
        ("0,-.1 0,-1.22 .02,-1.22 .02,-.1", c.pick("3b2a20")),
        ("0,-1.22 .13,-1.19 0,-1.15", c.pick("d8352f")),
        (".03,-.17 .04,-1.12 .16,-.85 .27,-.55 .36,-.2", sail),
        (".03,-.17 .04,-1.12 .1,-.75 .13,-.45 .15,-.18", sail * 0.9),
        ("-.03,-.19 .01,-1 -.12,-.72 -.28,-.42 -.44,-.17", sail * 0.82),
        ("-.52,-.13 -.2,-.1 .2,-.1 .46,-.13 .38,.03 -.34,.03", c.pick("7c3424 1f3b64 14504c")),
    )
    at = rng.uniform((c.aspect * 0.35, horizon + 0.1), (c.aspect * 0.65, horizon + 0.18))
    pose = size * np.array([[rng.choice([-1, 1]), 0], [rng.uniform(-0.1, 0.1), 1]])
    c.pixels[:, edge:] = c.pixels[:, edge - 1 :: -1][:, : height - edge]
    for path, colour in parts:
        c.draw(at + _path(path) @ pose * (1, -0.8), colour, 0.75)
    crests = c.ripple(horizon, c.pick("1d5a7a 17666e 1f4e86"))
    beam = np.exp(-(((c.x - c.sun) / (0.05 + 0.25 * np.maximum(c.y - horizon, 0))) ** 2))
    c.blend(0.85 * beam * _step(0.15, 0.7, crests), c.light)
    for path, colour in parts:
        c.draw(at + _path(path) @ pose, colour)
    for *bird, wing in rng.uniform((0.1, 0.08, 0.01), (c.aspect, 0.4, 0.03), (5, 3)):
        c.draw(bird + wing * _path("-1,0 -.5,-.3 0,.3 .5,-.3 1,0"), c.tint * 0.3, 0.8, 0.004)
    return c.finish()


def _city_night(rng: np.random.Generator, height: int, width: int) -> RGB:
    """A skyline with lit windows, mirrored in a river."""
    c, shore = _Canvas(rng, height, width), rng.uniform(0.7, 0.78)
    edge, glows = round(shore * height), ("27387a 5a5aa0", "5a2f78 d05f6f", "12505a 58a09a")
    c.sky([f"060a1e 16204e {glow} f7f3dc 4a5580" for glow in glows], 0.6)
    lamps, pane = _rgb("ffdf9f f2b95c d9a05a a8c4dc b07a3c"), max(1, round(0.0125 * height))
    for far, low, high in ((0.5, 0.2, 0.46), (0.22, 0.12, 0.4), (0, 0.05, 0.24)):
        for left in np.arange(0, c.aspect, rng.uniform(0.11, 0.15)):
            wide, tall, lit = rng.uniform((0.07, low, 0.2), (0.15, high, 1 - far))
            wall = _mix(c.pick("262c58 1b2550 33284f") * rng.uniform(0.5, 0.8), c.hues[2], far)
            top, dx, dy = shore - tall, *rng.uniform((0.021, 0.028), (0.028, 0.038))
            c.box(left, top, wide, tall, wall)
            spire = rng.choice([(0, 0), (wide / 2, 0.06), (0.005, 0.11)])
            c.draw((left + wide / 2, top) + _path("-1,0 0,-1 1,0") * spire, wall)
            c.disc((left + wide / 2, top - 0.11), 0.006, _rgb("ff4b3e")[0], float(spire[1] > 0.1))
            for x in np.arange(left + 0.012, left + wide - 0.02, dx) * height:
                for y in np.arange(top + 0.015, shore - 0.03, dy) * height:
                    glass = rng.choice(lamps) if rng.uniform() < lit else wall * 0.7
                    c.pixels[:, int(y) : int(y) + pane + 1, int(x) : int(x) + pane] = glass
    for x in np.arange(0.03, c.aspect, 0.09):
        c.disc((x, shore - 0.02), 0.008, lamps[0])
    c.pixels[:, edge:] = 1.4 * _blur(c.pixels[:, edge - 1 :: -1][:, : height - edge], height / 120)
    c.ripple(shore, c.hues[0])
    c.pixels += 0.6 * _blur(np.maximum(c.pixels - 0.5, 0), height / 60)
    return c.finish()


def _desert(rng: np.random.Generator, height: int, width: int) -> RGB:
    """Dunes and cacti under a big sun or moon."""
    c, horizon = _Canvas(rng, height, width), rng.uniform(0.46, 0.56)
    c.sky((*_HOURS, "060a24 141d4a 2c3a74 6a6a9a f4f1da 4a5cb4"), horizon)
    sand, green = _rgb("8a4f2a d08b4c f0be7c ffe0a8") * c.tint, c.pick("5f8f4e 6a8f45 4f8058")
    for far, base, swell in ((0.6, 0, 0.05), (0.35, 0.08, 0.07), (0.12, 0.2, 0.09), (0, 0.36, 0.1)):
        crest = horizon + base - swell * c.noise(1, 3, 1)
        depth, turn = c.y - crest, rng.uniform(0, 6)
        ridge = rng.uniform(0.1, 0.9) * c.aspect + int(rng.choice([-1, 1])) * 0.8 * depth
        shade = _step(-0.02, 0.03, c.x - ridge - 0.5 * depth * np.sin(3 * depth + turn))
        wind = np.sin((140 * depth + 3 * c.noise(1, 6, 2)) / (0.3 + np.abs(depth)))
        glare = 0.9 - 0.5 * depth - 0.42 * shade + 0.035 * wind * _step(0.02, 0.2, depth)
        c.under(crest, _mix(_ramp(sand, glare), c.hues[3], far))
    for slot, size in enumerate(rng.permutation([0.16, 0.26, 0.38]) * rng.uniform(0.8, 1.2, 3)):
        at = np.array([c.aspect * (slot + rng.uniform(0.2, 0.8)) / 3, horizon + 0.1 + 0.8 * size])
        c.disc(np.add(at, (0.25 * size, 0)), (0.5 * size, 0.04 * size), c.tint * 0.15, 0.5)
        for arm in ("0,0 0,-1", "0,-.35 .3,-.4 .32,-.75", "0,-.5 -.28,-.53 -.3,-.85"):
            c.draw(at + size * _path(arm), green * 0.75, pen=0.14 * size)
            c.draw(at + size * (_path(arm) - (0.03, 0)), green, pen=0.06 * size)
    return c.finish()


def _flower(rng: np.random.Generator, height: int, width: int) -> RGB:
    """A flower in front of a blurred meadow."""
    c, squash, radius = _Canvas(rng, height, width), rng.uniform(0.82, 1), rng.uniform(0.29, 0.35)
    meadow = "bfe3f0 7fb35a 2f6b34", "f6e7b0 9aba50 3a6a2e", "f9d4c0 a9b860 3f6638"
    c.pixels = _ramp(_rgb(rng.choice(meadow)), c.y + 0.15 * c.noise(2, 3, 2))
    tones, green = _rgb("ffffff ffe680 ff9ec4 d9ff9a a8d8ff 2f6b34 e8463a"), _rgb("3f8f3a")[0]
    for *at, size, alpha in rng.uniform((0, 0, 0.03, 0.2), (c.aspect, 1, 0.1, 0.6), (24, 4)):
        c.disc(at, size, rng.choice(tones), alpha)
    c.pixels = _blur(c.pixels, height / 60)
    x, y, t = c.aspect * rng.uniform(0.4, 0.6), rng.uniform(0.38, 0.46), np.linspace(0, 1, 14)
    stem = np.stack([x + rng.uniform(-0.2, 0.2) * t**2, y + (1.05 - y) * t], 1)
    c.draw(stem, green * 0.9, pen=0.025)
    for side in (-1, 1):
        root, reach = stem[rng.integers(9, 12)], rng.uniform(0.2, 0.32)
        spine = root + reach * np.stack([side * t, 0.12 * np.sin(np.pi * t) - 0.45 * t], 1)
        belly = reach * np.stack([0 * t, 0.2 * np.sin(np.pi * t**0.8)], 1)
        c.draw(np.concatenate([spine - belly, spine[::-1]]), green * 1.1)
        c.draw(np.concatenate([spine + belly, spine[::-1]]), green * 0.8)
    tone = rng.choice(_rgb("ffffff ffffff ffc61f ff85c0 e04a35 8a70e0 f2874b"))
    petal = np.stack([tone * 0.6, tone * 0.85, tone, _mix(tone, tones[0], 0.4)])
    heart = _rgb(rng.choice(["8a5a10 f2b92c ffd95a", "1e120a 4a2a12 8b5a28"]))
    count, dx, dy = int(rng.integers(8, 16)), (c.x - x) / radius, (c.y - y) / (squash * radius)
    distance, angle = np.hypot(dx, dy), np.arctan2(dy, dx) / (2 * np.pi) + rng.uniform(1, 2)
    for ring in (0, 1):
        turn, traits = angle * count + 0.5 * ring, rng.uniform(-1, 1, (3, count)).astype(np.float32)
        long, skew, light = traits[:, turn.astype(int) % count]
        along = distance / (1 - 0.17 * ring + 0.08 * long)
        across = np.abs(turn % 1 - 0.5 + 0.06 * skew)
        tip = np.sqrt(np.clip(1 - ((along - 0.62) / 0.38) ** 2, 0, 1))
        half = 0.5 * np.where(along < 0.62, np.sqrt(along / 0.62) + 0.06, tip)
        sharp = 5 * radius * height / count * np.maximum(distance, 0.05)
        mask = np.clip((half - across) * sharp + 0.5, 0, 1) * (along < 1)
        c.blend(0.4 * _blur(mask[None], 0.02 * height), green * 0.2)
        shade = 1.04 - across**2 + 0.035 * np.cos(across * 40) * along + 0.06 * light
        c.blend(mask, _ramp(petal, along) * shade)
    oval = np.array([1, squash]) * radius * rng.uniform(0.24, 0.34)
    c.disc((x, y), oval, heart[0])
    for turn in 2.39996 * np.arange(110):
        out = np.sqrt(turn / 264)
        tone = _ramp(heart, np.array([[0.75 * out + rng.uniform(0, 0.25)]]))
        c.disc((x, y) + oval * out * (np.cos(turn), np.sin(turn)), 0.07 * oval, tone)
    return c.finish()


def _house(rng: np.random.Generator, height: int, width: int) -> RGB:
    """A cottage in its garden, in one of three seasons."""
    c, ground, season = _Canvas(rng, height, width), rng.uniform(0.66, 0.72), rng.integers(3)
    c.sky(_HOURS, ground)
    grass = c.pick(("7fb24a", "b0a24a", "eef3fa")[season])
    leaves = c.pick(("5fa03c 7cb342", "e08a2a d9542f", "dfe8f2")[season])
    c.under(ground - 0.1 - 0.06 * c.noise(1, 3, 2), _mix(grass * 0.75, c.hues[2], 0.45))
    c.under(ground - 0.02 * c.noise(1, 3, 2), grass * (1 + 0.08 * c.noise(40, 30, 3)))
    wide, tall, roof = rng.uniform((0.52, 0.24, 0.18), (0.64, 0.3, 0.26))
    middle, base, eaves = c.aspect * rng.uniform(0.44, 0.56), ground + 0.09, ground + 0.09 - tall
    left, flue, top = middle - wide / 2, middle + rng.choice([-0.2, 0.1]), eaves - roof
    for side in (-1, 1):
        at, size = (middle + side * rng.uniform(0.46, 0.58), ground), rng.uniform(0.38, 0.55)
        c.disc(at, (0.4 * size, 0.04 * size), grass * 0.3, 0.5)
        c.draw(at + size * _path("-.04,0 -.02,-.6 .02,-.6 .04,0"), c.pick("5b3f2b"))
        for light in np.linspace(0, 1, 80):
            blob = rng.triangular(-0.36, 0, 0.36, 2) * (1 - 0.4 * light) - 0.05 * light
            c.disc(at + size * (blob - (0, 0.66)), 0.075 * size, leaves * (0.6 + 0.5 * light))
    for rise in np.linspace(0, 0.2, 12):
        c.disc((flue + 0.04 + rise, top - 0.07 - rise), 0.02 + 0.2 * rise, c.tint, 0.3 - 1.5 * rise)
    c.box(flue, top - 0.06, 0.07, 0.16, c.pick("8a4a3a"))
    c.disc((middle, base), (wide * 0.56, 0.03), grass * 0.3, 0.6)
    wall, tiles = c.pick("f7ead2 e8c9a0 c9dbe4 c94f3f"), c.pick("a8432f 6b3a2e 44546a 4f7a6a")
    c.box(left, eaves, wide, tall, wall)
    slope = (middle, eaves) + _path("-.4,-1 .4,-1 .58,.07 -.58,.07") * (wide, roof)
    c.draw(slope, tiles)
    for share in np.linspace(0.1, 1, 8):
        c.draw(_mix(slope[:2], slope[:1:-1], share), tiles * 0.7, 0.8, 0.004)
    snow = _mix(slope, slope[::-1], np.array([[-0.1], [-0.1], [0.4], [0.4]]))
    c.draw(snow, c.tint, float(season == 2))
    door, *windows = left + wide * rng.permutation([0.1, 0.42, 0.72])
    glass = _rgb("ffd778")[0] if c.tint[2] < 0.7 else c.pick("8fb8d4")
    for x in windows:
        c.box(x - 0.01, eaves + 0.065, 0.12, 0.115, c.tint)
        for u, v in _path("0,0 0,.05 .052,0 .052,.05"):
            c.box(x + u, eaves + 0.075 + v, 0.048, 0.045, glass)
    c.box(door, base - 0.165, 0.09, 0.165, c.pick("7a3b2e 2f5d62 3f5a36 b5452c"))
    c.draw(np.add((door, base), _path("0,0 .09,0 .26,.4 -.12,.4")), c.pick("d8c7a4"))
    for x, y in rng.uniform((0, base + 0.03), (c.aspect, 1), (0 if season == 2 else 70, 2)):
        if abs(x - door - 0.05) > 0.08 + 0.5 * (y - base):
            c.disc((x, y), 0.006 + 0.02 * (y - base), c.pick("ffffff ffd84d ff7fa8 e8463a"))
    return c.finish()


def _mountain(rng: np.random.Generator, height: int, width: int) -> RGB:
    """Snowy peaks above forests of firs."""
    c = _Canvas(rng, height, width)
    c.sky(_HOURS, 0.7)
    for far, middle, top in ((0.45, 0.1, 0.36), (0.35, 0.9, 0.32), (0, 0.5, 0.16)):
        x, y = c.aspect * (middle + rng.uniform(-0.1, 0.1)), top + rng.uniform(-0.06, 0.08)
        away, facets = np.abs(c.x - x), c.noise(5, 7, 5)
        ridge = x + (c.y - y) * 0.4 * facets.mean(1, keepdims=True) + 0.05 * facets
        shade = _step(-0.01, 0.02, (c.x - ridge) * float(np.sign(x - c.sun)))
        shade = np.maximum(shade * (0.8 + 0.2 * facets), 0.7 * _step(0.35, 0.6, facets))
        rock = _mix(_rgb("9a8f8a")[0] * c.light, c.pick("3f4757"), shade)
        snow = _mix(c.light, c.pick("8fa6cc"), 0.85 * shade)
        bare = _step(-0.01, 0.02, c.y - y - 0.26 - 0.12 * c.noise(1, 14, 3) - 0.05 * facets)
        haze = np.minimum(far + 0.5 * _step(0.2, 0.7, c.y - y), 1)
        crags = 0.035 * np.minimum(8 * away, 1) * (c.noise(1, 8, 5) - 0.2)
        c.under(
            y + rng.uniform(0.65, 1) * away**0.95 + crags,
            _mix(_mix(snow, rock, bare), c.hues[2], haze),
        )
    for far, base, size in ((0.55, 0.72, 0.05), (0.3, 0.8, 0.09), (0.05, 0.93, 0.2)):
        at, tall = rng.uniform((0, 0.55 * size), (c.aspect, 1.1 * size), (int(5 / size), 2)).T
        away, tall = np.abs(c.x - at[:, None]), tall[:, None]
        firs = tall * (1 - away / (0.24 * tall + 0.004)) + 0.12 * size * (away * 9 / size % 1)
        ground = base - 0.06 * c.noise(1, 3, 2) - np.maximum(firs.max(0), 0).astype(np.float32)
        c.under(ground, _mix(c.pick("1d3b30"), c.hues[2], far))
        c.blend(0.6 * far * _step(base - 0.05, base + 0.12, c.y), c.hues[2])
    return c.finish()


SCENES: Mapping[str, Callable[[np.random.Generator, int, int], RGB]] = {
    draw.__name__[1:]: draw for draw in (_boat, _city_night, _desert, _flower, _house, _mountain)
}
"""Class name -> the function of (rng, height, width) that draws an image of the class."""
