"""Recipes over HTTP with a cache, retries and a structured log.

EIDOS_URL=http://eidos-api-server.eidos.svc:8080 python eidos_client.py
"""

import json
import logging
import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from cachetools import TTLCache
from tenacity import (
    RetryCallState,
    retry,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)

log = logging.getLogger("eidos")

RETRYABLE = {408, 429, 500, 502, 503, 504}
BACKOFF = wait_exponential(multiplier=1, min=4, max=10)


class EidosError(Exception):
    """An answer in the error envelope."""

    def __init__(self, response: requests.Response):
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = {}
        self.status = response.status_code
        self.code = body.get("code", "UNKNOWN")
        self.request_id = body.get("requestId")
        self.retryable = body.get("retryable", self.status in RETRYABLE)
        self.retry_after = response.headers.get("Retry-After", "")
        super().__init__(f"{self.code}: {body.get('message', response.reason)}")


def _worth_retrying(error: BaseException) -> bool:
    if isinstance(error, EidosError):
        return error.retryable
    return isinstance(error, (requests.ConnectionError, requests.Timeout))


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception()
    if isinstance(error, EidosError) and error.retry_after.isdigit():
        return float(error.retry_after)
    return BACKOFF(state)


class Eidos:
    """A client; safe to share between threads."""

    def __init__(self, url: str, api_key: str | None = None, ttl: float = 300):
        self._url = url.rstrip("/")
        self._key = api_key
        # As long as Cache-Control: max-age=300 says.
        self._cache = TTLCache(maxsize=100, ttl=ttl)
        self._lock = threading.Lock()

    def recipe(self, **params: str) -> dict:
        """The recipe for an environment, from the cache where it is fresh."""
        key = frozenset(params.items())
        with self._lock:
            if key in self._cache:
                return self._cache[key]
        started = time.monotonic()
        recipe = self._fetch(params)
        log_recipe_request(params, recipe, time.monotonic() - started)
        with self._lock:
            self._cache[key] = recipe
        return recipe

    @retry(
        stop=stop_after_attempt(3),
        wait=_wait,
        retry=retry_if_exception(_worth_retrying),
        reraise=True,
    )
    def _fetch(self, params: dict) -> dict:
        headers = {"X-Request-Id": str(uuid.uuid4())}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        response = requests.get(
            f"{self._url}/v1/recipe", params=params, headers=headers, timeout=10
        )
        if not response.ok:
            raise EidosError(response)
        return response.json()


def log_recipe_request(params: dict, recipe: dict, duration: float) -> None:
    """One JSON line with the keys of the server's own log."""
    log.info(
        json.dumps(
            {
                "event": "recipe_generated",
                "params": params,
                "matched_rules": len(recipe.get("matchedRules", [])),
                "measurements": len(recipe.get("measurements", [])),
                "duration_ms": duration * 1000,
            }
        )
    )


def main() -> None:
    """Asks for three environments at once."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    client = Eidos(
        os.environ.get("EIDOS_URL", "https://cns.dgxc.io"),
        os.environ.get("EIDOS_API_KEY"),
    )
    environments = [
        {"os": "ubuntu", "gpu": "h100", "service": "eks"},
        {"os": "ubuntu", "gpu": "gb200", "service": "gke"},
        {"os": "rhel", "gpu": "a100", "service": "aks"},
    ]
    with ThreadPoolExecutor(max_workers=3) as executor:
        list(executor.map(lambda params: client.recipe(**params), environments))


if __name__ == "__main__":
    main()
