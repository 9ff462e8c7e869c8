"""The report in a browser: it sorts, chooses, moves and opens, with the mouse and with the keyboard alone."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TABLE = "[data-table=typographic]"
LATEST_FIRST_VIEW = 1000  # milliseconds
PATIENCE = 10  # seconds


def all_of(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def one(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def drawn(browser, selector):
    """Wait until an element is drawn: a picture that was just added has no size before it is decoded."""
    comes(browser, lambda: one(browser, selector).is_displayed())


def comes(browser, condition):
    """Wait for what an event queued by the browser does (closing a dialog, opening a tree)."""
    WebDriverWait(browser, PATIENCE).until(lambda _: condition())


def values(browser, column):
    """Numbers of a column of the headline table, one for each method that is shown, from the top."""
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(b => b.checkVisibility())"
        ".map(b => b.rows[0].cells[arguments[1]].dataset.value).map(Number)"
    )
    return browser.execute_script(script, f"{TABLE} tbody", column)


def click(browser, element):
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    element.click()


def focused(browser):
    return browser.switch_to.active_element


def press(browser, *keys):
    for key in keys:
        focused(browser).send_keys(key)


def tab_to(browser, selector, most=120):
    """Press Tab until an element that fits has the focus."""
    for _ in range(most):
        press(browser, Keys.TAB)
        if browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return focused(browser)
    raise AssertionError(f"Tab never reaches {selector}")


def test_the_first_view_comes_within_a_second(browse, page):
    browser = browse(page)
    script = (
        "const done = arguments[0]; new PerformanceObserver(l => done(l.getEntries()[0].startTime))"
        ".observe({type: 'paint', buffered: true})"
    )
    assert browser.execute_async_script(script) < LATEST_FIRST_VIEW
    assert "paper" in one(browser, "h1").text and one(browser, ".claim summary").is_displayed()


@pytest.mark.parametrize(("phone", "fewest"), [(False, 3), (True, 1)], ids=["desktop", "phone"])
def test_the_first_screen_shows_the_outcome_once_and_claims(browse, page, phone, fewest):
    browser = browse(page, phone=phone)
    script = (
        "const low = s => [...document.querySelectorAll(s)].map(e => e.getBoundingClientRect().bottom);"
        "return [low('.claim summary').filter(b => b <= innerHeight).length, low('.glance')[0], innerHeight]"
    )
    claims, glance, height = browser.execute_script(script)
    assert claims >= fewest and glance > height
    assert one(browser, "#claims").text.count("leave it open") == 1


def test_a_verdict_opens_its_commands(browse, page):
    browser = browse(page)
    claim = one(browser, "#claim-word_decides")
    trace = claim.find_element(By.CSS_SELECTOR, ".case .copy")
    assert not trace.is_displayed()
    click(browser, claim.find_element(By.CSS_SELECTOR, "summary"))
    assert trace.is_displayed() and trace.get_attribute("data-copy").startswith("prefclip audit trace results/")


def test_the_catalogue_composes_the_command(browse, page):
    browser = browse(page)
    code = lambda: one(browser, "#composed code").text  # noqa: E731
    assert code() == "snakemake --cores 2 all"
    click(browser, one(browser, "#experiments input[value=ablations]"))
    assert code() == "snakemake --cores 2 all ablations"
    click(browser, one(browser, "#experiments input[value=paper]"))
    assert code().endswith("&& snakemake --profile slurm all --configfile config/paper.yaml")
    for name in ("attacks", "ablations", "paper"):
        click(browser, one(browser, f"#experiments input[value={name}]"))
    assert one(browser, "#composed").text == "Nothing is ticked."


@pytest.mark.parametrize("column", [1, 2])
def test_every_click_on_a_heading_sorts(browse, page, column):
    browser = browse(page)
    printed = values(browser, column)
    button = all_of(browser, f"{TABLE} thead button")[column]
    click(browser, button)
    assert values(browser, column) == sorted(printed, reverse=True)
    heading = button.find_element(By.XPATH, "..")
    assert heading.get_attribute("aria-sort") == "descending"
    button.click()
    assert values(browser, column) == sorted(printed)
    button.click()
    assert values(browser, column) == printed and heading.get_attribute("aria-sort") == "none"


def test_every_column_of_every_table_can_be_sorted(browse, page):
    browser = browse(page)
    for table in all_of(browser, ".tabled"):
        for button in table.find_elements(By.CSS_SELECTOR, "thead button"):
            click(browser, button)
            order = button.find_element(By.XPATH, "..").get_attribute("aria-sort")
            assert order in ("ascending", "descending")


def test_clean_or_attacked_or_both(browse, page):
    browser = browse(page)
    shown = lambda kind: sum(cell.is_displayed() for cell in all_of(browser, f"{TABLE} th[data-images={kind}]"))  # noqa: E731
    both = (shown("clean"), shown("typographic"))
    assert both[0] == both[1] > 0
    click(browser, one(browser, f"{TABLE} input[value=clean]"))
    assert (shown("clean"), shown("typographic")) == (both[0], 0)
    click(browser, one(browser, f"{TABLE} input[value=typographic]"))
    assert (shown("clean"), shown("typographic")) == (0, both[1])
    click(browser, one(browser, f"{TABLE} [data-shows=further]"))
    assert len([row for row in all_of(browser, f"{TABLE} tbody.further") if row.is_displayed()]) == 4


def test_a_number_tells_where_it_comes_from(browse, page):
    browser = browse(page)
    cell = all_of(browser, f"{TABLE} tbody td[data-line]")[2]
    click(browser, cell)
    told = one(browser, f"{TABLE} .traced")
    number, half = cell.text.split(" ±")
    assert f"Measured {number} %, interval " in told.text
    low, high = told.text.partition("interval ")[2].partition(";")[0].split(" to ")
    assert abs((float(high) - float(low)) / 2 - float(half)) < 0.101, "in the unit of the cell"
    below = cell.find_element(By.XPATH, "../following-sibling::tr[1]")
    assert below.find_elements(By.CSS_SELECTOR, ".traced"), "its origin stands where the number was clicked"
    command = told.find_element(By.CSS_SELECTOR, ".copy").get_attribute("data-copy")
    assert command.startswith("prefclip audit trace ")
    assert command.endswith('typographic.csv --cell "clip raw,animals typographic accuracy"')
    click(browser, told.find_element(By.CSS_SELECTOR, "summary"))
    comes(browser, lambda: "predictions/emoji-clip/clip/seed0.parquet" in told.text)


def test_a_number_of_the_ablations_tells_where_it_comes_from(browse, pages):
    browser = browse(pages["ablations"])
    for name, cell in (
        ("ablation_objective", "dpo averaged,main dpo 0+1+2 animals clean"),
        ("sweeps", "dpo-beta-0p1 "),
    ):
        row = one(browser, f"[data-table={name}]").find_element(By.XPATH, ".//tr[th[starts-with(., 'DPO')]]")
        click(browser, row.find_element(By.CSS_SELECTOR, "td"))
        command = one(browser, f"[data-table={name}] .traced .copy").get_attribute("data-copy")
        assert f'{name}.csv --cell "{cell}' in command
    click(browser, one(browser, "[data-zoom=sweep_beta]"))
    drawn(browser, "dialog img")
    press(browser, Keys.ESCAPE)
    comes(browser, lambda: not all_of(browser, "dialog"))


def test_the_explorer_opens_a_picture(browse, page):
    browser = browse(page)
    buttons = all_of(browser, ".shelf button")
    before = one(browser, ".pair img").get_attribute("src")
    click(browser, buttons[-1])
    assert one(browser, ".pair img").get_attribute("src") != before
    cards = all_of(browser, "#explorer .card")
    assert len(cards) == 6 and all(card.find_elements(By.CSS_SELECTOR, ".bars li") for card in cards)
    assert not all_of(browser, "#explorer canvas")
    click(browser, one(browser, "input[name=target][value='1']"))
    assert len(all_of(browser, "#explorer canvas")) == 6
    click(browser, one(browser, "input[name=box]"))
    assert len(all_of(browser, "#explorer .frame")) == 7


def test_the_slider_moves_numbers_and_pictures(browse, page):
    browser = browse(page)
    if not all_of(browser, "#sweep"):
        pytest.skip("the run has no concept maps")
    names = [option.text for option in all_of(browser, "#sweep-map option")]
    click(browser, all_of(browser, "#sweep-map option")[names.index("gender")])
    slider = one(browser, "#sweep-t")

    def state():
        marker = one(browser, ".curves .marker").get_attribute("x1")
        sources = [image.get_attribute("src") for image in all_of(browser, ".ranks img")]
        return one(browser, ".readout").text, marker, sources, slider.get_attribute("aria-valuetext")

    slider.send_keys(Keys.HOME)
    first = state()
    slider.send_keys(Keys.END)
    last = state()
    assert all(one != other for one, other in zip(first, last, strict=True))
    assert first[2] and "%" in first[0]


def test_the_keyboard_alone_does_it(browse, page):
    browser = browse(page)
    press(browser, Keys.TAB)
    assert focused(browser).text == "Skip to the results"
    press(browser, Keys.ENTER)
    tab_to(browser, f"{TABLE} thead button")
    press(browser, Keys.TAB, Keys.ENTER)
    assert one(browser, f"{TABLE} thead th:nth-child(2)").get_attribute("aria-sort") == "descending"
    tab_to(browser, f"{TABLE} td")
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER)
    assert one(browser, f"{TABLE} .traced .copy").is_displayed()
    tab_to(browser, ".shelf button")
    shown, pictures = int(focused(browser).get_attribute("data-picture")), len(all_of(browser, ".shelf button"))
    press(browser, Keys.ARROW_RIGHT)
    assert focused(browser).get_attribute("aria-checked") == "true"
    assert int(focused(browser).get_attribute("data-picture")) == (shown + 1) % pictures


def test_focus_is_seen(browse, pages):
    browser = browse(pages["made-up"])
    for _ in range(12):
        press(browser, Keys.TAB)
        style = browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none" or focused(browser).get_attribute("type") == "radio"  # radios draw it on their label


def test_a_figure_is_enlarged_and_closed(browse, page):
    browser = browse(page)
    click(browser, one(browser, "[data-zoom]"))
    drawn(browser, "dialog img")
    press(browser, Keys.ESCAPE)
    comes(browser, lambda: not all_of(browser, "dialog"))
    assert focused(browser).get_attribute("data-zoom")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(browse, page, scheme):
    browser = browse(page, phone=True)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    if all_of(browser, "#explorer"):
        click(browser, one(browser, "input[name=target][value='0']"))
    wide, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window == 360


def test_a_phone_shows_the_meaning_of_every_setting(browse, page):
    browser = browse(page, phone=True)
    script = (
        "for (const part of document.querySelectorAll('#settings details')) part.open = true;"
        "return [...document.querySelectorAll('#settings td')].filter(c => c.checkVisibility())"
        ".map(c => c.getBoundingClientRect().right)"
    )
    ends = browser.execute_script(script)
    assert len(ends) > 60 and max(ends) <= 360
