from support.board_page import PHONE


def open_note(board):
    board.page.click("[data-note]")
    board.page.wait_for_selector("#note-text:focus")


def await_typed(board, words):
    board.page.wait_for_function(
        "words => document.getElementById('note-text').value === words", arg=words
    )


def test_a_half_typed_note_survives_a_tap_elsewhere_and_a_reload_and_is_then_saved(
    server, open_board
):
    cookie = server.register("noter")
    desktop, phone = open_board(server, cookie), open_board(server, cookie, viewport=PHONE)
    phone.await_connection()
    desktop.pick(4)
    desktop.await_moods("Good")
    open_note(desktop)
    desktop.page.keyboard.type("A walk in <b>the</b>")
    phone.await_moods("Good")
    phone.pick(2)
    desktop.await_moods("Good", "Bad")
    assert desktop.page.input_value("#note-text") == "A walk in <b>the</b>"
    assert desktop.page.evaluate("document.activeElement.id") == "note-text"

    desktop.page.reload()
    await_typed(desktop, "A walk in <b>the</b>")
    assert desktop.page.inner_text("#note-left") == "260 characters left"
    desktop.page.fill("#note-text", "A walk in <b>the</b> rain")
    desktop.page.click("#note-form .primary")
    for board in (desktop, phone):
        board.page.get_by_text("A walk in <b>the</b> rain").first.wait_for()
    assert desktop.page.is_hidden("#note-form")
    desktop.page.reload()
    assert desktop.page.inner_text("#note-1") == "A walk in <b>the</b> rain"
    assert desktop.page.is_hidden("#note-form")


def test_a_note_of_a_day_that_ended_is_refused_kindly_and_what_was_typed_stays(
    make_server, open_board
):
    server = make_server()
    server.set_clock(2026, 11, 24, 23)
    server.start()
    board = open_board(server, server.register("late"))
    board.pick(4)
    board.await_moods("Good")
    open_note(board)
    board.page.keyboard.type("almost midnight")
    server.set_clock(2026, 11, 25, 0, 0, 1)
    board.page.wait_for_selector("#today-card[data-day='2026-11-25']")
    await_typed(board, "almost midnight")
    board.page.click("#note-form .primary")
    board.await_message("That day is over")
    await_typed(board, "almost midnight")
    board.page.click("#note-cancel")
    assert board.page.is_hidden("#note-form")


def test_a_note_that_is_too_long_is_refused_in_words(server, open_board):
    board = open_board(server, server.register("verbose"))
    board.pick(3)
    board.await_moods("Okay")
    day = board.page.get_attribute("#today-card", "data-day")
    was = board.page.get_attribute("[data-change]", "data-change")
    board.send_tap(tap="handmade1", act="note", day=day, was=was, slot="1", text="x" * 281)
    board.await_message("at most 280 characters")
    assert board.page.inner_text("#note-1") == ""
