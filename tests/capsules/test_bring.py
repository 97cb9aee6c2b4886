"""Pictures that people bring: any size, polarity and format become like the data set's own."""

import cv2
import numpy as np
import pytest

from triptych.capsules.bring import as_digit, bring, is_dark_on_light, read_file
from triptych.capsules.pictures import read_pictures
from triptych.capsules.presets import preset
from triptych.errors import BadInput

DIGITS = read_pictures("digits", "test").images[:60, 0].numpy().astype(np.float32) / 255
MNIST = preset("mnist-small")


def three(side=28, scale=1.0):
    """A drawn 3, bright on black, [side, side]."""
    picture = np.zeros((side, side), np.float32)
    centre, size = side // 2, side / 28 * scale
    for y, angle in ((-4.5, (-200, 90)), (4.5, (-90, 200))):
        cv2.ellipse(
            picture,
            (centre, round(centre + y * size)),
            (round(4.5 * size), round(4.5 * size)),
            0,
            *angle,
            1.0,
            max(1, round(2 * size)),
        )
    return picture


def rgb(grey):
    """[h, w] -> [h, w, 3]."""
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def overlap(one, other):
    """Correlation of two pictures."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_polarity_is_told_on_digits_that_touch_the_border():
    """Real digits of 8x8, none wrong in either polarity."""
    assert not any(is_dark_on_light(picture) for picture in DIGITS)
    assert all(is_dark_on_light(1 - picture) for picture in DIGITS)


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_of_the_right_size_is_kept_but_for_its_polarity(dark):
    """Pixel by pixel."""
    picture = three()
    found, done = as_digit(rgb(1 - picture if dark else picture), "mnist", 28, 28)
    assert np.allclose(found, picture, atol=1e-6)
    assert ("inverted" in done) == dark


def test_a_photograph_with_a_shadow_becomes_the_same_digit():
    """Dark ink on unevenly lit, noisy paper, off the middle, in another size."""
    plain, _ = as_digit(rgb(three(280)), "mnist", 28, 28)
    ink = np.pad(three(280), ((30, 150), (160, 10)))
    rows, columns = np.indices(ink.shape) / max(ink.shape)
    paper = 0.95 - 0.45 * columns - 0.1 * rows
    noise = np.random.default_rng(0).normal(0, 0.01, ink.shape)
    photo = np.clip(paper * (1 - 0.85 * ink) + noise, 0, 1)
    found, done = as_digit(rgb(photo), "mnist", 28, 28)
    assert overlap(found, plain) > 0.97
    assert "inverted" in done and "20 pixels" in done
    rows_of_ink = np.flatnonzero(found.max(1) > 0.2)
    assert rows_of_ink[-1] - rows_of_ink[0] + 1 == pytest.approx(20, abs=1)


def test_thin_lines_are_thickened_and_specks_wiped_off():
    """A hairline 3 of 400 pixels stays visible; a dot in the corner does not move it."""
    thin = np.zeros((400, 400), np.float32)
    for y in (120, 250):
        cv2.circle(thin, (200, y), 65, 1.0, 2)
    thin[5:8, 390:393] = 1.0
    found, done = as_digit(rgb(thin), "mnist", 28, 28)
    assert "thickened" in done
    assert found.sum() > 40
    columns = np.flatnonzero(found.max(0) > 0.2)
    assert abs(columns.mean() - 13.5) < 1.5


def test_transparent_ink_is_seen_in_both_polarities(tmp_path):
    """Black ink on nothing is on white paper; white ink on nothing on black."""
    picture = three(84)
    for value, name in ((0, "black.png"), (255, "white.png")):
        pixels = np.full((84, 84, 4), value, np.uint8)
        pixels[..., 3] = np.round(picture * 255)
        cv2.imwrite(str(tmp_path / name), pixels)
    black = bring(str(tmp_path / "black.png"), MNIST).canvas
    white = bring(str(tmp_path / "white.png"), MNIST).canvas
    assert (black - white).abs().max() < 0.02
    assert black.shape == (1, 1, 28, 28) and black.max() > 0.9


@pytest.mark.parametrize("kind", ["png", "jpg", "png16", "npy", "npyfloat"])
def test_formats(tmp_path, kind):
    """8 and 16 bits, JPEG, and arrays of bytes or floats all read the same."""
    values = three(84)
    path = tmp_path / f"digit.{kind[:3]}"
    if kind == "npy":
        np.save(path, np.round(values * 255).astype(np.uint8))
    elif kind == "npyfloat":
        np.save(path, values)
    else:
        depth = np.uint16 if kind == "png16" else np.uint8
        cv2.imwrite(str(path), np.round(values * np.iinfo(depth).max).astype(depth))
    assert np.abs(read_file(path)[..., 1] - values).max() < (0.15 if kind == "jpg" else 0.003)


def test_red_is_red(tmp_path):
    """OpenCV's order of channels is turned into RGB."""
    cv2.imwrite(str(tmp_path / "red.png"), np.full((4, 4, 3), (0, 0, 255), np.uint8))
    assert read_file(tmp_path / "red.png")[0, 0].tolist() == [1, 0, 0]


def test_colour_networks_get_the_middle_square(tmp_path):
    """A wide picture loses its sides, not its proportions."""
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96] = 200
    cv2.imwrite(str(tmp_path / "wide.png"), wide)
    brought = bring(str(tmp_path / "wide.png"), preset("cifar10"))
    assert brought.canvas.shape == (1, 3, 32, 32)
    assert brought.canvas.min() > 0.75
    assert "middle square" in brought.done


def test_pictures_of_the_data_set_by_number():
    """With their labels; numbers beyond the last are refused with the range."""
    brought = bring("test:17", preset("digits"))
    assert brought.label == int(read_pictures("digits", "test").labels[17])
    assert brought.name == "test:17 of digits"
    for number in ("test:397", "test:-1"):
        with pytest.raises(BadInput, match=r"digits has test:0 to test:396"):
            bring(number, preset("digits"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.png", None, "There is no picture"),
        ("empty.png", b"", "cannot be read as a picture"),
        ("text.png", b"hello", "cannot be read as a picture"),
        ("bad.npy", b"\x93NUMPY", "cannot be read as a NumPy array"),
    ],
)
def test_files_that_are_no_pictures(tmp_path, name, content, sentence):
    """Each gets a sentence that names the file."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=sentence) as caught:
        bring(str(tmp_path / name), MNIST)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full((28, 28), np.nan), "NaN or infinite"),
        (np.full((28, 28), 7.0), "not 0..1"),
        (np.full((28, 28), -3), "not 0..255"),
        (np.zeros((28, 28)), "blank"),
        (np.ones((2, 28, 28, 3)), r"\[2, 28, 28, 3\], not"),
        (np.array([["a", "b"]]), "not numbers"),
    ],
)
def test_arrays_that_are_no_pictures(tmp_path, array, sentence):
    """NaN, wrong ranges and shapes, and blank pictures are told apart."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(BadInput, match=sentence):
        bring(str(tmp_path / "a.npy"), MNIST)


def test_a_folder_is_no_picture(tmp_path):
    """The sentence says so."""
    with pytest.raises(BadInput, match="is a folder"):
        bring(str(tmp_path), MNIST)
