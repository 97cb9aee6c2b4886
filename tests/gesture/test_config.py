"""Settings: the printed defaults are the defaults, and every mistake gets one sentence."""

import math
import pickle
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from triptych.errors import BadConfig
from triptych.gesture import config as config_module
from triptych.gesture.cli import app
from triptych.gesture.config import Config
from triptych.gesture.config_file import MAX_BYTES
from triptych.gesture.config_signs import Section, TaughtSign
from triptych.gesture.config_words import as_toml
from triptych.gesture.types import MEANINGS, SIGNS


def keys_of(model, prefix=""):
    """Dotted names of all keys of a model and of its tables."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from keys_of(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def load(tmp_path, text):
    """The configuration in a file with this text."""
    path = tmp_path / "gesture.toml"
    path.write_text(text, "utf-8")
    return Config.load(path)


def test_printed_defaults_read_back_to_the_defaults():
    """`triptych gesture config` prints TOML that is exactly the defaults, every key included."""
    result = CliRunner().invoke(app, ["config"])
    assert result.exit_code == 0
    tables = tomllib.loads(result.stdout)
    assert Config.model_validate(tables) == Config()
    for key in keys_of(Config):
        table = tables
        for part in key.split("."):
            assert part in table, key
            table = table[part]


def test_printed_defaults_explain_every_key():
    """Each key has a comment with its description and what is allowed, signs once."""
    text = as_toml(Config())
    flowing = " ".join(line.removeprefix("# ") for line in text.splitlines())
    for model in (type(getattr(Config(), name)) for name in Config.model_fields):
        for field in model.model_fields.values():
            assert (field.description or "") in flowing
    assert flowing.count("false: this sign is ignored.") == 1
    assert "(a number from 0.3 to 2)" in flowing
    assert max(map(len, text.splitlines())) <= 100


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts.filter(bool), st.floats(0.3, 2.0), st.booleans())
def test_any_configuration_survives_its_text(card, icon, hold, on):
    """Written as TOML and read again, a configuration is the same, whatever its texts hold."""
    config = Config.model_validate(
        {
            "away": {"text": card},
            "signs": {"ok": {"icon": icon, "on": on}},
            "decide": {"hold_seconds": hold},
        }
    )
    assert Config.model_validate(tomllib.loads(as_toml(config))) == config


def test_vocabulary():
    """The signs and meanings are those of the panel, with their default icons and labels."""
    config = Config()
    assert tuple(type(config.signs).model_fields) == SIGNS
    said = {name: (config.sign(name).meaning, config.sign(name).text) for name in SIGNS}
    assert said == {
        "fist": ("no", "No"),
        "palm": ("question", "Question"),
        "ok": ("yes", "Yes"),
        "one": ("comment", "Comment"),
        "two_up": ("comment", "Comment"),
        "peace": ("goodbye", "Bye"),
    }
    assert all(sign.icon == sign.meaning for sign in map(config.sign, SIGNS))
    for meaning in MEANINGS:
        assert config.tuned("signs.fist.meaning", meaning).signs.fist.meaning == meaning


def test_a_file_may_name_only_what_it_changes(tmp_path):
    """Keys that are left out keep their defaults, also inside a sign."""
    config = load(tmp_path, '[decide]\nhold_seconds = 1\n[signs.palm]\ntext = "Frage"\n')
    assert config.decide.hold_seconds == 1.0
    assert config.decide.enter == Config().decide.enter
    assert (config.signs.palm.text, config.signs.palm.icon) == ("Frage", "question")
    assert load(tmp_path, "") == Config()
    assert load(tmp_path, "\ufeff[camera]\ndevice = 2").camera.device == 2


def test_without_a_file_the_defaults_hold(tmp_path, monkeypatch):
    """No file named: the user's own if it is there, else the defaults; nothing is written."""
    path = tmp_path / "triptych" / "gesture.toml"
    monkeypatch.setattr(config_module, "default_path", lambda: path)
    assert Config.load(None) == Config()
    assert list(tmp_path.iterdir()) == []
    path.parent.mkdir()
    path.write_text("[camera]\ndevice = 3\n")
    assert Config.load(None).camera.device == 3


def test_a_file_that_may_be_there_is_not_passed_over(tmp_path, monkeypatch):
    """A folder that cannot be looked into, here a link to itself, is told, not ignored."""
    (tmp_path / "triptych").symlink_to(tmp_path / "triptych")
    path = tmp_path / "triptych" / "gesture.toml"
    monkeypatch.setattr(config_module, "default_path", lambda: path)
    with pytest.raises(BadConfig, match=r"gesture\.toml cannot be read"):
        Config.load(None)


BAD = [
    ("[decide]\nhold_seconds = 9", "decide.hold_seconds = 9 .* a number from 0.3 to 2."),
    ("[decide]\nhold_seconds = nan", "decide.hold_seconds = NaN .* a number from 0.3 to 2."),
    ("[decide]\nenter = inf", "decide.enter = Infinity .* a number from 0.5 to 0.99."),
    ("[decide]\nenter = true", "decide.enter = true .* a number from 0.5 to 0.99."),
    ("[decide]\nenter = '0.8'", 'decide.enter = "0.8" .* a number from 0.5 to 0.99.'),
    ("[decide]\nleave = 0.85", "decide.leave = 0.85 .* less than decide.enter = 0.7."),
    ("[presence]\nface_stay = 0.9", "face_stay = 0.9 .* at most presence.face_enter = 0.55."),
    ("[presence]\naway_seconds = 60", "presence.away_seconds = 60 .* from 0.3 to 0.8."),
    ("[camera]\ndevice = 1.0", "camera.device = 1.0 .* a whole number from 0 to 99."),
    ("[camera]\nfps = 2020-01-01", "camera.fps = 2020-01-01 .* a whole number"),
    ("[camera]\nwidth = [1, 2]", r"camera.width = \[1, 2\] .* a whole number"),
    ("[signs.fist]\non = 1", "signs.fist.on = 1 .* true or false."),
    ("[signs.fist]\nmeaning = 'bye'", 'signs.fist.meaning = "bye" .* one of "no", "question"'),
    ("[signs.fist]\nicon = ''", 'signs.fist.icon = "" .* a text in quotes of 1 to 1000'),
    ("[signs.fits]\non = true", "signs.fits is not a setting: did you mean fist?"),
    ("[decide]\nhold_second = 1", "decide.hold_second is not .* did you mean hold_seconds?"),
    ("[decide]\nqqq = 1", "decide.qqq is not a setting: allowed are hold_seconds, cooldown"),
    ("[presense]", "presense is not a setting: did you mean presence?"),
    ("decide = 3", "decide = 3 is not allowed: it must be a table."),
    ("signs = 3", "signs = 3 is not allowed: it must be a table."),
    ("signs.fist = 3", "signs.fist = 3 is not allowed: it must be a table."),
    ('[camera]\n"a\\nb" = 1', r'camera."a\\nb" is not a setting'),
    (f"[away]\ntext = '{'x' * 500}'", r"away.text = \"x+\.\.\. .* at most 120 letters."),
    ("[decide\nenter = 0.9", "is not valid TOML: .*line 1"),
    ("[decide]\n[decide]", "is not valid TOML: "),
    ("x = " + "[" * 5000, "is not valid TOML: "),
]


@pytest.mark.parametrize(("text", "sentence"), BAD, ids=[text[:30] for text, _ in BAD])
def test_a_wrong_file_gets_one_sentence(tmp_path, text, sentence):
    """File, key, value and what is allowed, in one line."""
    with pytest.raises(BadConfig, match=sentence) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert str(tmp_path / "gesture.toml") in message
    assert "\n" not in message
    assert message[-1] in ".?"


def test_files_that_cannot_be_read(tmp_path):
    """Missing, a folder, not UTF-8, far too large: each names the file and the reason."""
    path = tmp_path / "c.toml"
    cases = {"No such file": path, "directory": tmp_path}
    for reason, place in cases.items():
        with pytest.raises(BadConfig, match=f"{place}.*{reason}"):
            Config.load(place)
    path.write_bytes("[away]\ntext = 'zurück'".encode("latin-1"))
    with pytest.raises(BadConfig, match=r"c\.toml is not UTF-8"):
        Config.load(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(BadConfig, match=r"c\.toml is larger than 1 MB"):
        Config.load(path)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadConfig, match="No such file"):
        Config.load(path)


def test_tuned_changes_one_setting():
    """One dotted key changes, the original does not."""
    config = Config()
    tuned = config.tuned("decide.hold_seconds", 0.7)
    assert tuned.decide.hold_seconds == 0.7
    assert config.decide.hold_seconds == 0.5
    assert tuned.tuned("decide.hold_seconds", 0.5) == config


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("decide.hold_seconds", math.nan),
        ("decide.enter", 0.5),
        ("decide.nothing", 1.0),
        ("decide", 1.0),
        ("decide.hold_seconds.more", 1.0),
        ("", 1.0),
        ("..", 1.0),
    ],
)
def test_tuned_refuses_what_a_file_may_not_hold(setting, value):
    """Unknown keys and values that are not allowed are refused with a sentence."""
    with pytest.raises(BadConfig, match=r"not a setting|is not allowed"):
        Config().tuned(setting, value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
settings = st.sampled_from([*keys_of(Config), "decide", "signs", "signs.ok"]) | st.text(max_size=9)


@given(settings, values)
def test_any_value_fits_or_gets_one_sentence(setting, value):
    """Nothing but a Config or a BadConfig ever comes out."""
    try:
        config = Config().tuned(setting, value)
    except BadConfig as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(config, Config)


def test_travels_between_processes():
    """A configuration can be pickled and compared."""
    config = Config().tuned("show.labels", False)
    assert pickle.loads(pickle.dumps(config)) == config
    assert config != Config()


HEART = TaughtSign(icon="\u2764\ufe0f", text="Love", meaning="heart")


def test_taught_signs_join_the_vocabulary(tmp_path):
    """They come after the built-in ones, survive text, pickling and tuning, and can be replaced."""
    config = Config().with_taught({"heart": HEART})
    assert config.names == (*SIGNS, "heart")
    assert config.sign("heart") == HEART
    assert config.sign("fist") == Config().sign("fist")
    assert pickle.loads(pickle.dumps(config)) == config != Config()
    assert Config.model_validate(tomllib.loads(as_toml(config))) == config
    assert config.tuned("decide.enter", 0.9).sign("heart") == HEART
    assert config.with_taught({}) == Config()


def test_a_taught_sign_named_like_a_method_is_found():
    """`copy` and `json` are fine names for signs."""
    config = Config().with_taught({"copy": HEART})
    assert config.sign("copy") == HEART


def test_the_file_changes_taught_signs(tmp_path):
    """A table of a taught sign names only what it changes; of one that is not there, is refused."""
    path = tmp_path / "gesture.toml"
    path.write_text('[signs.heart]\ntext = "Herz"\n[signs.fist]\non = false\n')
    config = Config.load(path, {"heart": HEART})
    assert config.sign("heart") == HEART.model_copy(update={"text": "Herz"})
    assert not config.sign("fist").on
    path.write_text("[signs.hart]\non = false\n")
    with pytest.raises(BadConfig, match=r"signs.hart is not a setting: did you mean heart\?"):
        Config.load(path, {"heart": HEART})
    path.write_text("[signs.heart]\non = false\n")
    assert Config.load(path, {"heart": None}) == Config()  # there, but not to be read today
    path.write_text("[signs.heart]\non = 3\n")
    with pytest.raises(BadConfig, match=r"signs.heart.on = 3 is not allowed.* true or false"):
        Config.load(path, {"heart": HEART})
    path.write_text("signs = 3\n")
    with pytest.raises(BadConfig, match=r"signs = 3 is not allowed.* a table"):
        Config.load(path, {"heart": HEART})
