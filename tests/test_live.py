import threading

from moodtracker.live import Live


def test_a_follower_hears_of_each_change(live):
    told = []
    live.follow(1, lambda: told.append("ada"))
    live.tell(1)
    live.tell(1)
    assert told == ["ada", "ada"]


def test_every_follower_of_a_person_hears_and_nobody_elses(live):
    told = []
    for name, user_id in (("phone", 1), ("desk", 1), ("bob", 2)):
        live.follow(user_id, lambda name=name: told.append(name))
    live.tell(1)
    assert sorted(told) == ["desk", "phone"]


def test_who_left_hears_nothing_more_and_the_others_still_do(live):
    told = []
    leave = live.follow(1, lambda: told.append("phone"))
    live.follow(1, lambda: told.append("desk"))
    leave()
    live.tell(1)
    assert told == ["desk"]


def test_leaving_twice_is_no_matter(live):
    told = []
    leave = live.follow(1, lambda: told.append("phone"))
    leave()
    leave()
    live.follow(1, lambda: told.append("desk"))
    leave()
    live.tell(1)
    assert told == ["desk"]


def test_telling_where_nobody_listens_is_no_matter(live):
    live.tell(1)
    live.follow(1, lambda: None)()
    live.tell(1)


def test_a_follower_may_leave_or_come_while_it_is_told(live):
    told = []

    def once():
        told.append("once")
        leave()
        live.follow(1, lambda: told.append("after"))

    leave = live.follow(1, once)
    live.tell(1)
    live.tell(1)
    assert told == ["once", "after"]


def test_a_follower_that_fails_keeps_nobody_from_hearing(live):
    told = []
    for _ in range(3):
        live.follow(1, lambda: told.append("heard"))
        live.follow(1, lambda: 1 // 0)
    live.tell(1)
    assert told == ["heard"] * 3


def test_a_follower_that_fails_does_not_fail_the_teller(live):
    live.follow(1, lambda: 1 // 0)
    live.tell(1)


def test_following_telling_and_leaving_from_many_threads_lose_nothing():
    live, heard, errors = Live(), [], []
    live.follow(1, lambda: heard.append(1))
    barrier = threading.Barrier(8)

    def busy():
        try:
            barrier.wait()
            for _ in range(300):
                leave = live.follow(1, lambda: None)
                live.tell(1)
                leave()
                live.follow(2, lambda: None)()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=busy) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(heard) == 8 * 300
