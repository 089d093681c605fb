"""dhis2.py: paging, create, update and delete with Basic, and reading with a bearer token."""

import os

import requests
from dhis2 import Api, RequestException

BASE = os.environ["KIBALI_URL"]


def objects():
    api = Api(BASE, "admin", "district")
    assert api.version.startswith("2."), api.version
    assert api.get("me").json()["username"] == "admin"

    names = [f"dhis2.py {number}" for number in range(7)]
    made = []
    for name in names:
        answer = api.post("dataElementGroups", json={"name": name, "shortName": name})
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["response"]["uid"])

    pages = list(api.get_paged("dataElementGroups", params={"filter": "name:like:dhis2.py"}, page_size=3))
    assert [len(page["dataElementGroups"]) for page in pages] == [3, 3, 1], pages
    merged = api.get_paged("dataElementGroups", params={"filter": "name:like:dhis2.py"}, page_size=2, merge=True)
    assert sorted(it["id"] for it in merged["dataElementGroups"]) == sorted(made), merged

    first = f"dataElementGroups/{made[0]}"
    group = api.get(first).json()
    group["name"] = "dhis2.py renamed"
    assert api.put(first, json=group).json()["status"] == "OK"
    assert api.get(first, params={"fields": "name"}).json() == {"name": "dhis2.py renamed"}
    patch = [{"op": "replace", "path": "/code", "value": "DHIS2PY"}]
    answer = requests.patch(
        f"{BASE}/api/{first}",
        json=patch,
        auth=("admin", "district"),
        headers={"Content-Type": "application/json-patch+json"},
    )
    assert answer.status_code == 200, answer.text
    assert api.get(first, params={"fields": "code"}).json() == {"code": "DHIS2PY"}

    try:
        api.post("dataElementGroups", json={"name": "dhis2.py 1", "shortName": "dhis2.py 1"})
    except RequestException as error:
        assert error.code == 409, error
    else:
        raise AssertionError("a name was taken twice")

    for uid in made:
        assert api.delete(f"dataElementGroups/{uid}").status_code == 200
    try:
        api.get(first)
    except RequestException as error:
        assert error.code == 404, error
    else:
        raise AssertionError("it is still there")


def bearer():
    tokens = requests.post(
        f"{BASE}/uaa/oauth/token",
        data={"grant_type": "password", "username": "admin", "password": "district"},
        auth=("demo", "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6"),
    ).json()
    api = Api(BASE, "nobody", "nothing")
    api.session.auth = None
    api.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert api.get("me").json()["username"] == "admin"
    assert api.get_info()["version"] == api.version


for part in (objects, bearer):
    part()
    print(f"ok {part.__name__}")
