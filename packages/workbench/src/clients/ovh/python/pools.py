# The life of a node pool through python-ovh, unchanged.

import os
import time

import ovh
import ovh.client

URL = os.environ["FAKE_URL"]
ovh.client.ENDPOINTS["fake"] = URL
KUBE = f"/cloud/project/{os.environ['SERVICE_NAME']}/kube/{os.environ['KUBE_ID']}"


def client(secret=os.environ["APPLICATION_SECRET"], consumer_key=os.environ["CONSUMER_KEY"]):
    return ovh.Client(
        endpoint="fake",
        application_key=os.environ["APPLICATION_KEY"],
        application_secret=secret,
        consumer_key=consumer_key,
    )


def until(what, look):
    for _ in range(300):
        if look():
            print(what, flush=True)
            return
        time.sleep(0.1)
    raise SystemExit(f"not within 30 s: {what}")


def expect(what, holds):
    if not holds:
        raise SystemExit(f"does not hold: {what}")
    print(what, flush=True)


def is_gone(pool):
    try:
        api.get(pool)
        return False
    except ovh.exceptions.ResourceNotFoundError:
        return True


api = client()
expect("the clocks agree, so that signatures do", abs(api.time_delta) <= 2)
expect("reads the cluster", api.get(KUBE)["id"] == os.environ["KUBE_ID"])
expect("lists flavors", any(flavor["name"] == "b3-8" for flavor in api.get(f"{KUBE}/flavors")))
expect("lists no pool", api.get(f"{KUBE}/nodepool") == [])

created = api.post(
    f"{KUBE}/nodepool", name="python-ovh", flavorName="b3-8", desiredNodes=1, availabilityZones=["eu-west-par-a"]
)
POOL = f"{KUBE}/nodepool/{created['id']}"
expect("lists the pool it created", [pool["name"] for pool in api.get(f"{KUBE}/nodepool")] == ["python-ovh"])
until("the pool becomes READY", lambda: api.get(POOL)["status"] == "READY")

expect("an answer without content is None", api.put(POOL, desiredNodes=3) is None)
until("three machines are ready", lambda: api.get(POOL)["availableNodes"] == 3)
machines = api.get(f"{POOL}/nodes")
expect("each machine has an instance", all(machine["instanceId"] for machine in machines))

victim = machines[0]["id"]
api.put(POOL, desiredNodes=2, nodesToRemove=[victim])
until(
    "the named machine goes, and no other",
    lambda: sorted(machine["id"] for machine in api.get(f"{POOL}/nodes")) == sorted(m["id"] for m in machines[1:]),
)
until("the pool is READY again", lambda: api.get(POOL)["status"] == "READY")
api.put(POOL, desiredNodes=0, nodesToRemove=[machine["id"] for machine in machines[1:]])
until("the pool is empty", lambda: api.get(f"{POOL}/nodes") == [] and api.get(POOL)["status"] == "READY")
api.delete(POOL)
until("the pool is gone", lambda: is_gone(POOL))

try:
    api.post(f"{KUBE}/nodepool", flavorName="b3-8", name="Not_a_name")
    raise SystemExit("a bad name was accepted")
except ovh.exceptions.BadParametersError as error:
    expect("a refusal has its text and its query id", bool(str(error)) and error.query_id is not None)

request = client(consumer_key=None).new_consumer_key_request()
request.add_rules(ovh.API_READ_ONLY, f"{KUBE}/*")
expect("a new consumer key waits for its owner", request.request()["state"] == "pendingValidation")

try:
    client(secret="0" * 32).get(KUBE)
    raise SystemExit("a wrong signature was accepted")
except ovh.exceptions.APIError:
    print("a wrong signature is refused", flush=True)
