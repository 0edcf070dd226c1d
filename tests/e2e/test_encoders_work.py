"""Encoders as a person uses them: compares, composes, adds and tunes them; every view."""

import pickle

import pytest
from networks import save_means, save_network
from playwright.sync_api import expect
from visiting import served, visitor

from tests.court_example import sets

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"

#: Screens, schemes and views that are looked at.
LOOKS = (("phone", "dark", "court"), ("desktop", "dark", "nuisance"),
         ("phone", "light", "nuisance"), ("phone", "light", "list"))  # fmt: skip


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example sets, and a test of nuisances made."""
    made = sets(tmp_path_factory.mktemp("encoders"))
    made.nuisance()
    return made


@pytest.fixture(scope="module")
def site(example):
    """Their address."""
    with served(example.workspace.root) as address:
        yield address


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_a_court_is_held_and_every_view_is_accessible_and_fits(browser, site):
    with visitor(browser, "desktop", "light") as page:
        page.goto(f"{site}/encoders?set=colours&view=court")
        page.get_by_text("More", exact=True).click()
        page.select_option("#court-clusters", "none")
        page.get_by_role("button", name="Compare encoders", exact=True).click()
        page.wait_for_url("**view=court&done=*", timeout=240_000)
        page.wait_for_selector("h2:text-is('One encoder for each question')")
        page.wait_for_load_state("networkidle")
        check(page, "court")
        assert page.locator(".vt-court-strip").count() == 2
        page.locator(".vt-court-others a").first.click()
        page.wait_for_url("**row=*")
        page.wait_for_selector(".vt-court-strip img")
    for size, scheme, view in LOOKS:
        with visitor(browser, size, scheme) as page:
            name = "colours" if view == "court" else "shapes"
            page.goto(f"{site}/encoders?set={name}&view={view}")
            page.wait_for_selector(".vt-tab-here")
            page.wait_for_load_state("networkidle")
            check(page, (view, size, scheme))


def test_an_ensemble_is_composed_on_the_form_and_run_and_its_agreement_shown(
    browser, site, example
):
    with visitor(browser) as page:
        page.goto(site)
        form = page.get_by_role("region", name="Add a set")
        form.get_by_label("Path or address").fill(str(example.root / "colours"))
        form.get_by_label("Name", exact=True).fill("together")
        form.get_by_text("Several encoders together").click()
        form.get_by_role("button", name="Use this encoder").click()
        expect(form).to_contain_text("Name two encoders or more")
        form.get_by_label("Encoders, one a line").fill("pixels\ncolour-texture 3")
        form.get_by_role("button", name="Use this encoder").click()
        named = form.get_by_label("Name of the model or encoder")
        expect(named).to_have_value("ensemble:pixels+colour-texture?weights=1,3")
        form.get_by_label("UMAP: groups and their shape").uncheck()
        form.get_by_role("button", name="Start").click()
        page.wait_for_selector("a[href*='/explore?set=together']", timeout=120_000)
        page.goto(f"{site}/encoders?set=together")
        agreed = page.get_by_role("region", name="How far the encoders of together agree")
        agreed.get_by_text("All of them together").click()
        expect(agreed).to_contain_text("Without colour-texture")
        check(page, "agreement")
    assert example.open("together").spec.name.startswith("ensemble:pixels+colour-texture?")


def test_an_encoder_of_ones_own_is_checked_registered_and_forgotten(browser, site, tmp_path):
    means, pickled = save_means(tmp_path / "means.onnx"), tmp_path / "net.ts"
    pickled.write_bytes(pickle.dumps({"weights": [1, 2]}))
    with visitor(browser, "phone") as page:
        page.goto(f"{site}/encoders")
        form = page.get_by_role("region", name="Add an encoder of your own")
        form.get_by_label("What it is").select_option("torchscript")
        form.get_by_label("File on this computer").fill(str(pickled))
        form.get_by_role("button", name="Register").click()
        expect(form.get_by_role("alert")).to_contain_text("pickle", timeout=60_000)
        form.get_by_label("What it is").select_option("onnx")
        form.get_by_label("File on this computer").fill(str(means))
        form.get_by_role("button", name="Check only").click()
        expect(form.get_by_role("alert")).to_contain_text("It passes: 3 numbers", timeout=60_000)
        assert page.get_by_text("5 of 5 checks passed").count() == 0
        form.get_by_role("button", name="Register").click()
        expect(form.get_by_role("alert")).to_contain_text("Registered", timeout=60_000)
        expect(page.get_by_text("5 of 5 checks passed")).to_be_visible()
        check(page, "own")
        page.get_by_role("button", name=f"Forget onnx:{means}").click()
        expect(page.get_by_text("5 of 5 checks passed")).to_have_count(0)


@pytest.mark.slow
def test_an_encoder_is_tuned_and_the_view_tells_before_and_after(browser, site, tmp_path):
    net = save_network(tmp_path / "net")
    with visitor(browser) as page:
        page.goto(f"{site}/encoders?set=colours&view=tuning")
        form = page.get_by_role("region", name="Tune an encoder to these images")
        form.get_by_label("Name of the new encoder").fill("small")
        form.get_by_role("button", name="Tune").click()
        expect(form.get_by_role("alert")).to_contain_text("timm")  # pixels cannot be tuned
        form.get_by_label("Encoder to begin with").fill(f"timm:local-dir:{net}")
        form.get_by_text("More", exact=True).click()
        form.get_by_label("Epochs").fill("1")
        form.get_by_label("Side of the views").fill("32")
        form.get_by_role("button", name="Tune").click()
        made = page.get_by_role("region", name="tuned:small", exact=True)
        expect(made).to_contain_text("Neighbour agreement", timeout=240_000)
        expect(made.locator(".js-plotly-plot svg").first).to_be_visible()
        check(page, "tuned")
