"""The catalogue: every transform that comes with raydrift, a line each."""

from enum import StrEnum
from typing import Final


class ImageTransform(StrEnum):
    """The ways in which an image can drift: a name, and below ``raydrift.drift`` the class."""

    ROTATE = "rotate", "photo.rotate:Rotate"
    BRIGHTNESS = "brightness", "photo.brightness:Brightness"
    CONTRAST = "contrast", "photo.contrast:Contrast"
    SATURATION = "saturation", "photo.saturation:Saturation"
    HUE = "hue", "photo.hue:Hue"
    GAUSSIAN_BLUR = "gaussian_blur", "photo.gaussian_blur:GaussianBlur"
    GAUSSIAN_NOISE = "gaussian_noise", "photo.gaussian_noise:GaussianNoise"
    DEFAULT = "default", "photo.default:Default"
    MOTION_BLUR = "motion_blur", "photo.motion_blur:MotionBlur"
    DEFOCUS_BLUR = "defocus_blur", "photo.defocus_blur:DefocusBlur"
    JPEG_COMPRESSION = "jpeg_compression", "photo.jpeg_compression:JpegCompression"
    PIXELATE = "pixelate", "photo.pixelate:Pixelate"
    OCCLUSION = "occlusion", "photo.occlusion:Occlusion"
    SHEAR = "shear", "photo.shear:Shear"
    AFFINE = "affine", "photo.affine:Affine"
    CHANNEL_SHIFT = "channel_shift", "photo.channel_shift:ChannelShift"
    ISP_BLACK_LEVEL = "isp_black_level", "camera.black_level:IspBlackLevel"
    ISP_WHITE_BALANCE = "isp_white_balance", "camera.white_balance:IspWhiteBalance"
    ISP_COLOUR_MATRIX = "isp_colour_matrix", "camera.colour_matrix:IspColourMatrix"
    ISP_GAMMA = "isp_gamma", "camera.gamma:IspGamma"
    ISP_SHARPEN = "isp_sharpen", "camera.sharpen:IspSharpen"
    ISP_DENOISE = "isp_denoise", "camera.denoise:IspDenoise"
    ISP_DEMOSAIC = "isp_demosaic", "camera.demosaic:IspDemosaic"
    ISP_EXPOSURE = "isp_exposure", "camera.exposure:IspExposure"
    ISP_NOISE = "isp_noise", "camera.noise:IspNoise"
    ISP_BITS = "isp_bits", "camera.bits:IspBits"
    ISP = "isp", "camera.another:Isp"
    TWIN = "twin", "learned.twin:Twin"

    home: str

    def __new__(cls, name: str, home: str = "") -> "ImageTransform":
        """A member: its name is its value."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.home = f"raydrift.drift.{home}"
        return member


SETUPS: Final = {"camera": "raydrift.drift.camera.setup:CameraSetup"}
"""What the transforms of a family share: the name of its table, and the class of the settings."""

Name = ImageTransform | str
"""A member of the catalogue, or the name of a transform that does not come with raydrift."""
