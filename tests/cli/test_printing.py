from alcca.cli.printing import print_pairs


def test_files_with_the_same_notes_share_them_and_each_is_counted_once(capsys):
    print_pairs("notes", [(f"{n:03d}.wav", "short") for n in range(935)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "935 notes:"
    assert lines[1:11] == [f"  {n:03d}.wav" for n in range(10)]
    assert lines[11:] == ["  … and 925 more with the same; list all with --json", "    short"]


def test_other_notes_have_room_beside_those_of_many_files(capsys):
    pairs = [(f"{n:03d}.wav", "short") for n in range(20)] + [(f"a{n}.wav", f"quiet {n}") for n in range(9)]
    print_pairs("notes", [*pairs, ("a0.wav", "long")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "29 notes:"
    assert lines[1:4] == ["  000.wav", "  001.wav", "  002.wav"]
    assert lines[4:6] == ["  … and 17 more with the same; list all with --json", "    short"]
    assert lines[6:9] == ["  a0.wav", "    quiet 0", "    long"]
    assert lines[-2:] == ["    quiet 6", "  … and 2 more; list all with --json"]


def test_names_with_line_breaks_stay_on_a_line(capsys):
    print_pairs("notes", [("a\nb.wav", "a\nb.wav: short")])
    assert capsys.readouterr().out == "1 notes:\n  a␊b.wav\n    a␊b.wav: short\n"
    print_pairs("notes", [])
    assert capsys.readouterr().out == ""
