from data_prep.errors import DataError, one_line


def test_a_message_is_one_line_that_can_be_written():
    error = DataError("a\nb\udce9\x1b\u2028.jpg: œil, e\u0301")
    assert str(error) == "a\\nb\\udce9\\x1b\\u2028.jpg: œil, e\u0301"
    assert one_line("C:\\new") == "C:\\new"
