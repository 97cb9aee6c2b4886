"""`teach`, `list`, `classify`, `share`, `forget` and `learn`, as people type them."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from triptych.cli import app
from triptych.errors import BadInput
from triptych.gesture.demo.anatomy import POSES, jitter
from triptych.gesture.demo.hand import View, draw_hand
from triptych.gesture.demo.variety import random_hand
from triptych.gesture.model_files import reader_now

POSE = {pose.name: pose for pose in POSES["other"]} | {"palm": POSES["palm"][0]}


def draw(path, name, seed):
    """A drawn hand before a plain wall, each a little different."""
    rng = np.random.default_rng(seed)
    frame = np.full((360, 480, 3), 150, np.uint8)
    drawn = random_hand(np.random.default_rng(7), "other")
    view = View(roll=float(rng.normal(0, 4)), yaw=float(rng.normal(0, 5)))
    hand = replace(drawn, pose=jitter(POSE[name], rng, 0.4), view=view)
    draw_hand(frame, hand, (240.0 + seed, 260.0), 150.0)
    cv2.imwrite(str(path), frame)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Folders of five pictures each, a picture of each to try, and one without a hand."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("horns", "palm"):
        (folder / name).mkdir()
        for seed in range(5):
            draw(folder / name / f"{seed}.png", name, seed)
    draw(folder / "try.png", "horns", 9)
    cv2.imwrite(str(folder / "wall.png"), np.full((360, 480, 3), 150, np.uint8))
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user without settings or signs."""
    monkeypatch.setattr(
        "triptych.gesture.teach.store.user_config_path", lambda name: tmp_path / name
    )
    monkeypatch.setattr("triptych.gesture.config.default_path", lambda: tmp_path / "none.toml")
    return tmp_path / "triptych" / "signs"


def call(*words):
    """Standard output; what went wrong is raised as the error that `main` would print."""
    result = CliRunner().invoke(app, ["gesture", *map(str, words)], catch_exceptions=True)
    if isinstance(result.exception, BadInput):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_life_of_a_sign(pictures, home, tmp_path):
    """Taught from a folder, listed, seen by `classify`, shared, forgotten, learnt again."""
    told = json.loads(call("teach", "rock", pictures / "horns", "--icon", "🤘", "--json"))
    assert told["learnt"]
    assert told["examples"] == 5
    assert told["expected_false_activations_per_hour"] < 18
    (row,) = json.loads(call("list", "--json"))["signs"]
    assert (row["name"], row["text"], row["icon"], row["usable"]) == ("rock", "rock", "🤘", True)
    assert "rock: 🤘 rock (5 examples" in call("list")

    (hand,) = json.loads(call("classify", pictures / "try.png", "--json"))["hands"]
    assert hand["gesture"] == "rock"
    assert hand["score"] == hand["scores"]["rock"] > 0.8
    assert sum(hand["scores"].values()) == pytest.approx(1, abs=0.001)

    shared = tmp_path / "rock.json"
    call("share", "rock", shared)
    assert json.loads(call("forget", "rock", "--json")) == {"forgotten": "rock"}
    assert json.loads(call("list", "--json"))["signs"] == []
    (hand,) = json.loads(call("classify", pictures / "try.png", "--json"))["hands"]
    assert "rock" not in hand["scores"]
    assert json.loads(call("learn", shared, "--json"))["learnt"]
    assert [path.name for path in home.iterdir()] == ["sign-rock.json"]


def test_a_copy_of_what_is_there_is_refused(pictures, home):
    """A palm collides with the palm; the same sign under another name with the first."""
    with pytest.raises(
        BadInput, match=r"high_five was not learnt\. It collides with the open palm"
    ):
        call("teach", "high_five", pictures / "palm")
    call("teach", "rock", pictures / "horns")
    with pytest.raises(BadInput, match="collides with your sign rock"):
        call("teach", "metal", pictures / "horns")
    call("teach", "rock", pictures / "horns", "--text", "Again")
    assert [path.name for path in home.iterdir()] == ["sign-rock.json"]


def test_pictures_without_a_hand_are_named(pictures, home):
    """Those that can be used are used; too few are refused."""
    files = [pictures / "horns" / f"{i}.png" for i in range(2)]
    with pytest.raises(BadInput, match="Only 2 of the examples can be used, 3 are needed"):
        call("teach", "rock", *files, pictures / "wall.png")
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["teach", "Rock!", "x.png"], "cannot be a sign's name"),
        (["teach", "fist", "x.png"], "already means something"),
        (["teach", "rock", "x.png"], "x.png"),
        (["teach", "rock", "x.png", "--icon", "nothing"], "--icon"),
        (["teach", "rock", "x.png", "--meaning", "maybe"], "--meaning maybe must be one of no"),
        (["forget", "rock"], "no taught sign 'rock'"),
        (["share", "rock", "x.json"], "no taught sign 'rock'"),
        (["learn", "x.json"], "x.json"),
    ],
)
def test_mistakes_are_one_sentence(words, said):
    """Each names what was wrong."""
    with pytest.raises(BadInput, match=said) as raised:
        call(*words)
    assert "\n" not in str(raised.value)


def test_a_sign_of_another_reader_is_told_and_left_out(pictures, home):
    """One sentence that says what to do; the picture is still read, without a wrong answer."""
    call("teach", "rock", pictures / "horns")
    path = home / "sign-rock.json"
    path.write_text(path.read_text().replace(reader_now(), "b" * 64))
    result = CliRunner().invoke(app, ["gesture", "classify", str(pictures / "try.png"), "--json"])
    assert result.exit_code == 0
    assert "rock was taught to another version of the hand reader" in result.stderr
    assert "rock" not in json.loads(result.stdout)["hands"][0]["scores"]
    assert not json.loads(call("list", "--json"))["signs"][0]["usable"]
    with pytest.raises(BadInput, match="another version of the hand reader"):
        call("learn", path)
