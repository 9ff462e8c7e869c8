"""Square pictures: the sizes, roundings and filters of torchvision's Resize and CenterCrop on Pillow images."""

from PIL import Image


def resize_and_crop(image: Image.Image, size: int) -> Image.Image:
    """Scale the shorter side to ``size`` pixels (bicubic), then cut the central square of that side."""
    width, height = image.size
    if width <= height:
        scaled = (size, int(size * height / width))
    else:
        scaled = (int(size * width / height), size)
    if scaled != image.size:
        image = image.resize(scaled, Image.Resampling.BICUBIC)
    left, top = round((scaled[0] - size) / 2.0), round((scaled[1] - size) / 2.0)
    return image.crop((left, top, left + size, top + size))


def squeezed(square: Image.Image, side: int | None) -> Image.Image:
    """Reduce a square picture to ``side`` pixels and enlarge it again, as the released code does; None leaves it."""
    return square if side is None else resize_and_crop(resize_and_crop(square, side), square.width)
