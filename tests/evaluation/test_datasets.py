"""Data sets as their authors published them, read as interactions."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation import toys

from antiphon.evaluation.datasets import Dataset, read, timed_sessions
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.questions import questions
from antiphon.taste.interactions import histories, matrix


def asked(dataset: Dataset) -> list[tuple[list[str], list[str]]]:
    """What is known and what is wanted, as ids."""
    items = np.array(dataset.interactions.items)
    assert dataset.test is not None
    return [
        (items[history.items].tolist(), items[dataset.test.wanted[[place]].indices].tolist())
        for place, history in enumerate(dataset.test.histories)
    ]


def test_lightgcn_lists(tmp_path: Path) -> None:
    toys.write(tmp_path, train_txt="0 5 7\n2 7\n3\n", test_txt="0 9\n2 5 9\n3\n")
    found = read(tmp_path)
    assert found.format == "lightgcn"
    assert found.interactions.users == ("0", "2")
    assert found.interactions.items == ("5", "7", "9")
    assert matrix(found.interactions).toarray().tolist() == [[1, 1, 0], [0, 1, 0]]
    assert asked(found) == [(["5", "7"], ["9"]), (["7"], ["5", "9"])]


def test_lists_without_a_test_part_have_no_questions(tmp_path: Path) -> None:
    assert read(toys.write(tmp_path, train_txt="0 5 7\n")).test is None


def test_counts_and_tags_of_hetrec(tmp_path: Path) -> None:
    toys.write(
        tmp_path,
        user_artists_dat="userID\tartistID\tweight\n2\t51\t7\n2\t60\t1\n9\t60\t3\n",
        user_taggedartists_dat="userID\tartistID\ttagID\tday\tmonth\tyear\n"
        "2\t51\t13\t1\t4\t2009\n9\t51\t13\t1\t4\t2009\n9\t60\t15\t1\t4\t2009\n9\t99\t15\t1\t4\t2009\n",
    )
    (tmp_path / "tags.dat").write_bytes("tagID\ttagValue\n13\tcaf\xe9\n".encode("latin-1"))
    found = read(tmp_path)
    assert found.interactions.items == ("51", "60")
    assert found.interactions.weight.tolist() == pytest.approx([3, 1, 2])
    assert found.features["genres"]["51"].tolist() == [2, 0]
    assert found.features["genres"]["60"].tolist() == [0, 1]


def test_a_tag_does_not_give_away_what_its_listener_is_asked_for(tmp_path: Path) -> None:
    toys.write(
        tmp_path,
        user_artists_dat="u\ta\tw\n1\t5\t1\n1\t6\t1\n2\t6\t1\n2\t5\t1\n",
        user_taggedartists_dat="u\ta\tt\td\tm\ty\n1\t5\t7\t1\t1\t1\n2\t5\t7\t1\t1\t1\n1\t6\t7\t1\t1\t1\n",
    )
    found = read(tmp_path)
    asked = questions(histories(found.interactions), [[0], []], 2)
    vectors = found.features_for(asked)["genres"]
    assert found.features["genres"]["5"].tolist() == [2]
    assert vectors["5"].tolist() == [1], "what the other listener says of it stays"
    assert vectors["6"].tolist() == [1], "and so does what is not asked for"


def test_sessions_and_the_next_tracks_asked_for(tmp_path: Path) -> None:
    toys.write(
        tmp_path,
        train_sessions_txt="1 2 2\n\n3 1\n",
        test_prefix_target_txt="1 2\t3\n1\t2\n3\t1\n",
    )
    found = read(tmp_path)
    assert found.interactions.session.tolist() == [0, 0, 0, 2, 2]
    assert found.interactions.user.tolist() == [0, 0, 0, 2, 2]
    assert asked(found) == [(["1", "2"], ["3"]), (["1"], ["2"]), (["3"], ["1"])]
    assert found.test is not None
    assert found.test.unit.tolist() == [0, 0, 1], "prefixes of one session belong together"
    assert [history.sitting for history in found.test.histories] == [2, 1, 1]


def test_timed_sessions_ask_the_same(tmp_path: Path) -> None:
    train = "1 2 2\n3 1\n"
    timed = toys.write(
        tmp_path / "timed",
        train_sessions_txt=train,
        test_sessions_timed_txt="1:10 2:11 3:12\n3:5 1:20\n",
    )
    plain = toys.write(
        tmp_path / "plain",
        train_sessions_txt=train,
        test_prefix_target_txt="1 2\t3\n1\t2\n3\t1\n",
    )
    assert sorted(asked(read(timed))) == sorted(asked(read(plain)))
    clicks = timed_sessions(timed / "test_sessions_timed.txt", ("1", "2", "3"))
    assert clicks.at.tolist() == [5000, 10000, 11000, 12000, 20000]
    assert clicks.session.tolist() == [1, 0, 0, 0, 1]


def test_one_s_own_table_comes_in_the_order_of_time(tmp_path: Path) -> None:
    toys.write(
        tmp_path, train_tsv="user\titem\tweight\tat\tsession\nb\tx\t1\t20\t1\na\ty\t-0.5\t10\t0\n"
    )
    found = read(tmp_path).interactions
    assert [found.users[user] for user in found.user] == ["a", "b"]
    assert found.weight.tolist() == [-0.5, 1]
    assert found.at.tolist() == [10, 20]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"train_txt": "0 1\n1 x\n"}, r"train\.txt, line 2: 'x' is no whole number"),
        ({"train_txt": "0 1\n1 -4\n"}, r"train\.txt, line 2: -4 is too small"),
        ({"train_txt": "0 1\n", "test_txt": "0 1.5\n"}, r"test\.txt, line 1: '1\.5'"),
        ({"train_txt": "\n"}, "nothing to learn from"),
        ({"user_artists_dat": "a\tb\tc\n1\t2\n"}, r"user_artists\.dat, line 2: 3 columns"),
        (
            {"train_sessions_txt": "1 2\n", "test_prefix_target_txt": "1 2\n"},
            r"test_prefix_target\.txt, line 1: '' is no whole number",
        ),
        (
            {"train_sessions_txt": "1 2\n", "test_sessions_timed_txt": "1:5 2\n"},
            r"test_sessions_timed\.txt, line 1: '' is no whole number",
        ),
        ({"train_tsv": "header\na\tb\t1\t0\n"}, r"train\.tsv, line 2: 5 columns"),
        ({"train_tsv": "header\na\tb\tnan\t0\t0\n"}, r"train\.tsv, line 2: 'nan'"),
        ({"readme_md": "nothing"}, "no data set known here"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read(toys.write(tmp_path, **files))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"0 1\n\xff\xfe\n")
    with pytest.raises(DataError, match=r"train\.txt.*no text"):
        read(tmp_path)
