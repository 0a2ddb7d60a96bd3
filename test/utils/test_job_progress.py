"""The sum of several jobs' progress."""

from __future__ import annotations

from job_progress import clock, summary


def state(done: int, total: int, started: float, initial: int = 0) -> dict[str, object]:
    return {"desc": "roi", "done": done, "total": total, "started": started, "initial": initial}


def test_time_left_is_the_rest_at_the_mean_rate() -> None:
    text = summary([state(30, 100, 0.0), state(20, 100, 10.0)], 2, now=100.0)
    # 50 in 100 s, 150 left
    assert text == "roi:  25% [######..................] 50/200 ETA 5:00"


def test_jobs_that_have_not_started_count_as_the_mean_one() -> None:
    assert "50/400" in summary([state(30, 100, 0.0), state(20, 100, 0.0)], 4, now=1.0)


def test_work_done_before_a_resume_is_no_rate() -> None:
    assert "ETA 0:50" in summary([state(50, 100, 0.0, initial=40)], 1, now=10.0)


def test_nothing_done_and_all_done() -> None:
    assert "ETA --:--" in summary([state(0, 10, 0.0)], 1, now=5.0)
    assert "took 0:05" in summary([state(10, 10, 0.0)], 1, now=5.0)
    assert "100%" in summary([state(0, 0, 0.0)], 1, now=5.0)


def test_durations() -> None:
    assert [clock(value) for value in (0, 59.6, 61, 3661)] == ["0:00", "1:00", "1:01", "1:01:01"]
