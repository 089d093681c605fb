"""Runs a plan of the OpenID Foundation's conformance suite, module after module, and says how each ended.

    python3 run.py SUITE PLAN CONFIGURATION [VARIANT=VALUE ...] [--only MODULE ...]

SUITE is the address of a suite that runs in its developers' mode on this machine.
"""

import argparse
import json
import ssl
import time
import urllib.parse
import urllib.request

PATIENCE = 180


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("plan")
    parser.add_argument("configuration")
    parser.add_argument("variants", nargs="*")
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    # The suite's certificate on this machine is of its own making.
    trusting = ssl._create_unverified_context()

    def call(method, path, body=None, **query):
        address = f"{asked.suite.rstrip('/')}/api/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, context=trusting, timeout=60) as answer:
            return json.load(answer)

    with open(asked.configuration, "rb") as file:
        configuration = file.read()
    variant = dict(pair.split("=", 1) for pair in asked.variants)
    plan = call("POST", "plan", configuration, planName=asked.plan, variant=json.dumps(variant))
    for module in plan["modules"]:
        name = module["testModule"]
        if asked.only and name not in asked.only:
            continue
        chosen = json.dumps(module.get("variant") or {})
        test = call("POST", "runner", test=name, plan=plan["id"], variant=chosen)["id"]
        end = time.monotonic() + PATIENCE
        info = call("GET", f"info/{test}")
        while info["status"] not in ("FINISHED", "INTERRUPTED") and time.monotonic() < end:
            time.sleep(0.5)
            info = call("GET", f"info/{test}")
        print(name, info["status"], info.get("result"), flush=True)
        for entry in call("GET", f"log/{test}"):
            if entry.get("result") in ("FAILURE", "WARNING"):
                print("   ", entry["result"], entry["src"], entry.get("msg", "")[:300], flush=True)


main()
