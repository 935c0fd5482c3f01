"""Raw files: how they are developed, and how their cameras drift."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera import CFA, DRONE, Rendering, develop
from raydrift.drift.camera import raw as module
from raydrift.drift.camera.raw import camera_facts, develop_raw, drift_raw, replay_raw
from raydrift.drift.chain import drift_sample
from raydrift.drift.written import as_text, read_back, written
from raydrift.images.decoded import Decoded
from raydrift.images.orientation import upright
from raydrift.images.pixels import ColourSpace
from raydrift.images.raw.decoder import read_raw
from raydrift.images.resize import resize
from raydrift.settings import ImageSettings, RawSettings
from raydrift.transforms import DriftProfile, TransformInfo
from tests.raw_files import CFAS, dng, noise, raw_file

RAW, IMAGE = RawSettings(), ImageSettings(height=24, width=32)
ISP = (
    "isp", "isp_black_level", "isp_white_balance", "isp_colour_matrix", "isp_gamma", "isp_sharpen",
    "isp_denoise", "isp_demosaic", "isp_exposure", "isp_noise", "isp_bits",
)  # fmt: skip
BLACK = [100.0, 101.0, 102.0, 103.0]
FACTS: dict[str, Any] = {
    "cfa": "RGGB",
    "black": BLACK,
    "black_by_colour": [100.0, 101.0, 103.0, 102.0],
    "white": 4000.0,
    "full": 65_535.0,
    "white_balance": [2.0, 1.0, 1.5],
    "daylight": [2.2, 1.0, 1.2],
    "xyz_to_camera": None,
    "camera_to_srgb": None,
    "orientation": 1,
}
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PLAIN = RawSettings(view="bi", matrix=EYE)


def sample_of(mosaic: np.ndarray, **facts: Any) -> Decoded:
    return Decoded(mosaic.astype(np.uint16), space=ColourSpace.MOSAIC, facts=FACTS | facts)


def size_of(mosaic: np.ndarray) -> ImageSettings:
    """An output as large as the mosaic."""
    return ImageSettings(height=mosaic.shape[0], width=mosaic.shape[1])


def drifted(sample: Decoded, *names: str, level: float = 0.5, **given: Any) -> np.ndarray:
    raw, image = given.get("raw", RAW), given.get("image", IMAGE)
    chain = [TransformInfo(name, level) for name in names]
    return drift_raw(sample, chain, raw, image, seed=3, sample_id=5, profile=DriftProfile())[
        0
    ].pixels


class TestReference:
    @pytest.mark.parametrize("cfa", CFAS)
    def test_black_is_black_and_white_is_white(self, cfa: str) -> None:
        """By place: a file of nothing but its black level, and one that is saturated."""
        dark = np.tile(np.array(BLACK).reshape(2, 2), (20, 20))
        of = {"cfa": cfa, "xyz_to_camera": np.eye(3).tolist()}
        assert not develop_raw(sample_of(dark, **of), RAW, IMAGE).pixels.any()
        bright = np.full((40, 40), 4000)
        assert (develop_raw(sample_of(bright, **of), RAW, IMAGE).pixels == 255).all()
        brighter = np.full((40, 40), 4050)  # than the file says that there is
        assert (develop_raw(sample_of(brighter, **of), RAW, IMAGE).pixels == 255).all()

    def test_grey_is_grey_by_its_gains(self) -> None:
        mosaic = np.empty((30, 30))
        for place, gain in enumerate((2.0, 1.0, 1.0, 1.5)):
            row, column = divmod(place, 2)
            mosaic[row::2, column::2] = BLACK[place] + 0.25 * 3897 / gain
        for raw in (PLAIN, RawSettings(read="half", matrix=EYE)):
            pixels = develop_raw(sample_of(mosaic), raw, IMAGE).pixels
            assert np.abs(pixels.astype(int) - round(255 * 0.25 ** (1 / 2.2))).max() <= 1

    def test_it_is_what_develop_makes(self) -> None:
        mosaic = noise(64, 64)
        pixels = develop_raw(sample_of(mosaic), RawSettings(), size_of(mosaic)).pixels
        used = camera_facts(FACTS, RAW)
        unit = 4000 - 103
        values = mosaic / np.float32(unit)
        for place, gain in enumerate((2.0, 1.0, 1.0, 1.5)):
            row, column = divmod(place, 2)
            part = values[row::2, column::2]
            np.minimum(part, BLACK[place] / unit + 1 / gain, out=part)
        found = develop(
            values.astype(np.float32),
            black_level=[one / unit for one in BLACK],
            white_balance=used["gains"],
            colour_matrix=used["matrix"],
            view="bi,u,ga",
        )
        np.testing.assert_array_equal(pixels, np.rint(255 * found).astype(np.uint8))

    def test_a_tile_of_raw_drone_has_the_published_means(self) -> None:
        of: dict[str, Any] = {"files": "png", "cfa": "RGGB", "gains": "drone", "matrix": "drone"}
        black = [255 * level for level in DRONE.black_level]
        raw = RawSettings(**of, black=black, view="bi,s,ga", compat=True)
        tile = read_raw(raw_file("rawdrone_256_rggb_u8.png"), ImageSettings(), raw)
        pixels = develop_raw(tile, raw, size_of(tile.pixels)).pixels
        means = pixels.mean(axis=(0, 1)) / 255
        assert means == pytest.approx([0.284, 0.310, 0.291], abs=0.001)
        image = develop(
            tile.pixels.astype(np.uint8),
            black_level=DRONE.black_level,
            white_balance=DRONE.white_balance,
            colour_matrix=DRONE.colour_matrix,
            view="bi,s,ga",
            compat=True,
        )
        np.testing.assert_array_equal(pixels, np.rint(255 * image).astype(np.uint8))

    def test_compat_is_of_65535_and_in_the_librarys_order_of_blacks(self) -> None:
        used = camera_facts(FACTS, RawSettings(compat=True))
        assert (used["unit"], used["black"]) == (65_535, [100, 101, 103, 102])
        assert camera_facts(FACTS, RAW)["black"] == BLACK

    def test_the_four_roses_have_one_half_size_image(self) -> None:
        half = RawSettings(read="half")
        image = ImageSettings(height=128, width=128)
        found = [
            develop_raw(
                read_raw(raw_file(f"rose_{cfa.lower()}.dng"), IMAGE, half), half, image
            ).pixels
            for cfa in CFAS
        ]
        for other in found[1:]:
            np.testing.assert_array_equal(found[0], other)
        assert found[0].std() > 30

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("read", ["full", "half"])
    def test_the_picture_is_turned_upright(self, orientation: int, read: str) -> None:
        raw, mosaic = RawSettings(read=read), noise(60, 90)
        lying = develop_raw(sample_of(mosaic), raw, ImageSettings(height=60, width=90)).pixels
        turned = upright(lying, orientation)
        image = ImageSettings(height=turned.shape[0], width=turned.shape[1])
        found = develop_raw(sample_of(mosaic, orientation=orientation), raw, image).pixels
        np.testing.assert_array_equal(found, turned)

    def test_it_is_resized_as_photographs_are(self) -> None:
        mosaic = noise(65, 97)
        whole = develop_raw(sample_of(mosaic), RAW, size_of(mosaic)).pixels
        small = develop_raw(sample_of(mosaic), RAW, IMAGE).pixels
        np.testing.assert_array_equal(small, resize(whole, 24, 32))

    @given(st.integers(2, 33), st.integers(2, 33), st.sampled_from(CFAS), st.booleans())
    def test_any_size_and_pattern_is_a_picture(
        self, height: int, width: int, cfa: str, half: bool
    ) -> None:
        raw = RawSettings(read="half" if half else "full")
        sample = sample_of(noise(height, width), cfa=cfa)
        found = develop_raw(sample, raw, IMAGE)
        assert (found.kind, found.pixels.shape) == ("uint8 srgb", (24, 32, 3))

    @given(st.integers(0, 5), st.integers(0, 5), st.sampled_from(CFAS))
    def test_a_cut_moves_the_pattern(self, top: int, left: int, cfa: str) -> None:
        """What is developed of a part is the part of what is developed, but for the border."""
        mosaic, gap = noise(48, 48), 12
        of = {"cfa": str(CFA(cfa).cropped(top, left)), "black": [100.0] * 4}
        whole = develop_raw(sample_of(mosaic, cfa=cfa, black=[100.0] * 4), RAW, size_of(mosaic))
        part = mosaic[top:, left:]
        found = develop_raw(sample_of(part, **of), RAW, size_of(part)).pixels
        inner = whole.pixels[top:, left:][gap:-gap, gap:-gap]
        np.testing.assert_array_equal(found[gap:-gap, gap:-gap], inner)

    @pytest.mark.parametrize("view", ["bi,u,ga", "ma,s,me", "me,u,me"])
    @pytest.mark.parametrize("read", ["full", "half"])
    def test_bands_change_no_bit(
        self, view: str, read: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw, sample = RawSettings(view=view, read=read), sample_of(noise(301, 55))
        found = []
        for pixels in (2**40, 1):
            monkeypatch.setattr(module, "_BAND", pixels)
            found.append(drifted(sample, "isp_denoise", "isp_sharpen", raw=raw, level=1.0))
        np.testing.assert_array_equal(found[0], found[1])


class TestFacts:
    @pytest.mark.parametrize(
        ("raw", "facts", "gains", "told"),
        [
            (RAW, {}, [2.0, 1.0, 1.5], "file"),
            (RAW, {"white_balance": None}, [2.2, 1.0, 1.2], "daylight"),
            (RAW, {"white_balance": None, "daylight": None}, [2.1, 1.0, 1.7], "reference"),
            (RawSettings(gains="daylight"), {}, [2.2, 1.0, 1.2], "daylight"),
            (RawSettings(gains=[3, 1, 2]), {}, [3.0, 1.0, 2.0], "settings"),
            (RawSettings(gains="drone"), {}, list(DRONE.white_balance), "drone"),
        ],
    )
    def test_which_gains_there_were_is_told(
        self, raw: RawSettings, facts: dict[str, Any], gains: list[float], told: str
    ) -> None:
        used = camera_facts(FACTS | facts, raw)
        assert (used["gains"], used["gains_from"]) == (gains, told)

    def test_which_matrix_there_was_is_told(self) -> None:
        rows = [[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]
        for facts, raw, told in (
            ({"xyz_to_camera": rows}, RAW, "file"),
            ({"camera_to_srgb": rows}, RAW, "file"),
            ({"xyz_to_camera": [[1.0, 1.0, 1.0]] * 3}, RAW, "reference"),
            ({}, RAW, "reference"),
            ({}, RawSettings(matrix=rows), "settings"),
            ({}, RawSettings(matrix="microscopy"), "microscopy"),
        ):
            used = camera_facts(FACTS | facts, raw)
            assert used["matrix_from"] == told
            if told == "file":
                assert [sum(row) for row in used["matrix"]] == pytest.approx([1, 1, 1])


class TestDrift:
    @pytest.mark.parametrize("name", ISP)
    def test_level_0_is_the_reference(self, name: str) -> None:
        sample = sample_of(noise(40, 50))
        np.testing.assert_array_equal(
            drifted(sample, name, level=0.0), develop_raw(sample, RAW, IMAGE).pixels
        )

    @pytest.mark.parametrize("name", ISP)
    def test_each_one_changes_it_more_at_a_higher_level(self, name: str) -> None:
        rows, columns = np.mgrid[:80, :96]
        light = 1500 + 900 * np.sin(rows / 7) + 700 * np.cos(columns / 5) + noise(80, 96, 300)
        sample = sample_of(light)
        reference = develop_raw(sample, RAW, IMAGE).pixels.astype(int)
        low, high = (
            np.abs(drifted(sample, name, level=level) - reference).mean() for level in (0.3, 1.0)
        )
        assert 0 <= low < high

    def test_the_mosaic_is_left_alone(self) -> None:
        mosaic = noise(40, 50)
        sample = sample_of(mosaic)
        drifted(sample, "isp", "hue")
        np.testing.assert_array_equal(sample.pixels, mosaic)

    def test_cameras_drift_before_pictures_wherever_they_stand(self) -> None:
        """Drawn by their places in the list; applied as one camera, then the rest in order."""
        sample = sample_of(noise(40, 50))
        chain = [TransformInfo(name, 0.6) for name in ("hue", "isp_gamma", "rotate", "isp_noise")]
        of: dict[str, Any] = {"seed": 3, "sample_id": 5, "profile": DriftProfile()}
        found, drawn = drift_raw(sample, chain, RAW, IMAGE, **of)
        only = [
            info if str(info.name).startswith("isp") else TransformInfo(info.name, 0.0)
            for info in chain
        ]
        camera = drift_raw(sample, only, RAW, IMAGE, **of)[0]
        others = [
            TransformInfo(info.name, 0.0) if str(info.name).startswith("isp") else info
            for info in chain
        ]
        again, _ = drift_sample(camera, others, **of)
        np.testing.assert_array_equal(found.pixels, again.pixels)
        assert [one.info for one in drawn] == chain

    @pytest.mark.parametrize("names", [ISP, ("isp", "hue", "gaussian_noise"), ()])
    @pytest.mark.parametrize("read", ["full", "half"])
    def test_a_row_of_provenance_gives_the_same_pixels(
        self, names: tuple[str, ...], read: str
    ) -> None:
        raw, sample = RawSettings(read=read), sample_of(noise(71, 93), orientation=6)
        chain = [TransformInfo(name, 0.4) for name in names]
        of: dict[str, Any] = {"seed": 11, "sample_id": 2, "epoch": 3, "profile": DriftProfile()}
        found, drawn = drift_raw(sample, chain, raw, IMAGE, **of)
        row = json.loads(json.dumps({"transforms": written(drawn), "camera": as_text(found.facts)}))
        again = replay_raw(
            sample,
            read_back(row["transforms"]),
            raw,
            IMAGE,
            **of,
            camera=json.loads(row["camera"]),
        )
        np.testing.assert_array_equal(found.pixels, again.pixels)

    def test_the_files_own_camera_is_what_drifts(self) -> None:
        """A black level that is off by b is what a development with that level makes."""
        sample, of = sample_of(noise(40, 50)), {"seed": 3, "sample_id": 5}
        chain = [TransformInfo("isp_black_level", 1.0)]
        found, (drawn,) = drift_raw(sample, chain, RAW, IMAGE, **of, profile=DriftProfile())
        used = dict(found.facts)
        moved = [one + drawn.parameters["black"] * used["unit"] for one in BLACK]
        values = module._scaled(sample.pixels, used, module._reference(used, RAW), RAW)
        rendering = module._reference(used | {"black": moved}, RAW)
        assert isinstance(rendering, Rendering)
        whole = module._picture(values, rendering, RAW)
        np.testing.assert_allclose(found.pixels.astype(int), resize(whole, 24, 32), atol=1)

    def test_a_whole_dng_drifts(self) -> None:
        sample = read_raw(dng(noise(65, 97), "GBRG", orientation=8), IMAGE, RAW)
        assert drifted(sample, *ISP).shape == (24, 32, 3)
