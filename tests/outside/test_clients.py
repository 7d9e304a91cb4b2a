"""Clients in Python: caching, retries, parallel requests."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter
from tenacity import retry, stop_after_attempt, wait_exponential
from urllib3.util.retry import Retry


def test_retries_live_through_a_storm_by_retry_after(start):
    server = start(RATE_LIMIT=2, RATE_BURST=2)
    storm = [server.get("/v1/recipe").status_code for _ in range(20)]
    assert 429 in storm
    session = requests.Session()
    policy = Retry(total=8, status_forcelist=[429, 503], respect_retry_after_header=True)
    session.mount("http://", HTTPAdapter(max_retries=policy))
    started = time.monotonic()
    answers = [session.get(server.url + "/v1/recipe?gpu=h100", timeout=30) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert time.monotonic() - started < 20
    retries = [len(answer.raw.retries.history) for answer in answers]
    assert any(retries), "nothing was ever limited"


def test_the_guides_retry_and_parallel_clients_work(server):
    @retry(stop=stop_after_attempt(3), wait=wait_exponential(multiplier=1, min=4, max=10))
    def get_recipe(params):
        response = requests.get(f"{server.url}/v1/recipe", params=params, timeout=20)
        response.raise_for_status()
        return response.json()

    environments = [
        {"os": "ubuntu", "gpu": "h100", "service": "eks"},
        {"os": "ubuntu", "gpu": "gb200", "service": "gke"},
        {"os": "rhel", "gpu": "a100", "service": "aks"},
    ]
    with ThreadPoolExecutor(max_workers=3) as executor:
        recipes = list(executor.map(get_recipe, environments))
    assert all(recipe["measurements"] and recipe["matchedRules"] for recipe in recipes)


def test_a_cache_in_front_revalidates(server):
    first = server.get("/v1/recipe?gpu=h100")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = server.get("/v1/recipe?gpu=h100", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_errors_are_json_and_say_whether_to_retry(server):
    error = server.get("/v1/recipe?gup=h100").json()
    assert error["code"] == "INVALID_REQUEST" and error["retryable"] is False
    assert "measurements" not in error
