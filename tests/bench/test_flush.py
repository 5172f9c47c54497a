"""The benchmark of the queue runs and its figures are figures."""

import flush


def test_it_compares(binary):
    first, *others = flush.compare(binary, 12, 0.01, 3)
    print(first, *others, sep="\n")
    assert first.name == "postrider" and not first.reason
    assert (first.messages, first.connections) == (12, 1)
    for other in others:
        assert other.reason or (other.messages == 3 and other.seconds > 0)
        assert other.name in str(other)


def test_a_program_that_fails_is_told(tmp_path):
    figure = flush.measure("none", 0.001, 1, lambda port: (
        ["/bin/false"], {"cwd": tmp_path}))
    assert "0 of 1" in figure.reason and "not measured" in str(figure)
