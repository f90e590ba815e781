"""One run of a network for all who ask it at the same time."""

import pytest

from hand_tracking_ros.tracking.network_requests import Request, answer_together


class Network:
    """Answers each view with its double.

    Attributes:
        batches: the views of each run.
    """

    def __init__(self):
        self.batches = []

    def look(self, views):
        self.batches.append(list(views))
        return [2 * view for view in views]


def ask(*requests):
    """A job with these requests, which returns the answers."""
    answers = []
    for look, views in requests:
        answers.append((yield Request(look, views)))
    return answers


def test_requests_of_all_jobs_go_through_a_network_in_one_run():
    network = Network()
    jobs = [ask((network.look, [1, 2])), ask((network.look, [3])), ask((network.look, [4, 5, 6]))]
    assert answer_together(jobs) == [[[2, 4]], [[6]], [[8, 10, 12]]]
    assert network.batches == [[1, 2, 3, 4, 5, 6]]


def test_requests_to_different_networks_are_run_apart():
    one, other = Network(), Network()
    jobs = [ask((one.look, [1])), ask((other.look, [2])), ask((one.look, [3]))]
    assert answer_together(jobs) == [[[2]], [[4]], [[6]]]
    assert (one.batches, other.batches) == ([[1, 3]], [[2]])


def test_jobs_that_end_early_get_their_result_and_the_others_go_on():
    network = Network()
    jobs = [
        ask((network.look, [1]), (network.look, [2]), (network.look, [3])),
        ask(),
        ask((network.look, [4])),
        ask((network.look, [5]), (network.look, [6])),
    ]
    assert answer_together(jobs) == [[[2], [4], [6]], [], [[8]], [[10], [12]]]
    assert network.batches == [[1, 4, 5], [2, 6], [3]]


def test_a_request_to_look_at_nothing_gets_no_answers():
    network = Network()
    jobs = [ask((network.look, []), (network.look, [1])), ask((network.look, [2]))]
    assert answer_together(jobs) == [[[], [2]], [[4]]]


def test_no_jobs_have_no_results():
    assert answer_together([]) == []


def test_an_exception_in_a_job_reaches_the_caller():
    network = Network()

    def failing():
        yield Request(network.look, [1])
        raise RuntimeError('broken')

    with pytest.raises(RuntimeError, match='broken'):
        answer_together([ask((network.look, [2]), (network.look, [3])), failing()])
    assert network.batches == [[2, 1]]


def test_an_exception_in_a_network_reaches_the_caller():
    def broken(views):
        raise RuntimeError('no device')

    with pytest.raises(RuntimeError, match='no device'):
        answer_together([ask((broken, [1]))])
