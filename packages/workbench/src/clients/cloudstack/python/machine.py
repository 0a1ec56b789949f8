# The life of a virtual machine through python cs, unchanged (T-85).

import base64
import os

import cs

ZONE = os.environ["ZONE_ID"]


def client(secret=os.environ["CLOUDSTACK_SECRET"]):
    return cs.CloudStack(
        endpoint=os.environ["CLOUDSTACK_ENDPOINT"],
        key=os.environ["CLOUDSTACK_KEY"],
        secret=secret,
        verify=os.environ.get("CLOUDSTACK_VERIFY", True),
        poll_interval=float(os.environ["CLOUDSTACK_POLL_INTERVAL"]),
        job_timeout=60,
    )


def expect(what, holds):
    if not holds:
        raise SystemExit(f"does not hold: {what}")
    print(what, flush=True)


def named(rows, name):
    return next(row for row in rows if row["name"] == name)


api = client()
zones = api.listZones(fetch_list=True)
expect("lists zones", any(zone["id"] == ZONE for zone in zones))
expect("an empty list is an empty list", api.listVirtualMachines(name="nobody", fetch_list=True) == [])
offering = named(api.listServiceOfferings(fetch_list=True), "medium")
networks = api.listNetworks(zoneid=ZONE, fetch_list=True)
network = named(networks, "k8s-net")
templates = api.listTemplates(templatefilter="executable", zoneid=ZONE, fetch_list=True)
template = next(row for row in templates if row["isready"])
expect("lists what a machine is made of", bool(offering and network and template))

made = api.deployVirtualMachine(
    name="python-cs",
    serviceofferingid=offering["id"],
    templateid=template["id"],
    zoneid=ZONE,
    networkids=[network["id"]],
    userdata=base64.b64encode(b"#!/bin/sh\ntrue\n").decode(),
    fetch_result=True,
)["virtualmachine"]
expect("a deployment is followed to its end", made["state"] == "Running" and made["nic"][0]["ipaddress"])

tagged = api.createTags(
    resourceids=[made["id"]], resourcetype="UserVm", tags=[{"key": "team", "value": "a b*"}], fetch_result=True
)
expect("tags are written", tagged["success"])
seen = api.listVirtualMachines(id=made["id"], fetch_list=True)[0]
expect("tags are read again", [(tag["key"], tag["value"]) for tag in seen["tags"]] == [("team", "a b*")])

try:
    api.deployVirtualMachine(
        name="python-cs",
        serviceofferingid=offering["id"],
        templateid=template["id"],
        zoneid=ZONE,
        networkids=[network["id"]],
        fetch_result=True,
    )
    raise SystemExit("a name was given twice")
except cs.CloudStackException as error:
    expect("a name that is taken is refused with CloudStack's code", error.error["errorcode"] == 431)

api.destroyVirtualMachine(id=made["id"], fetch_result=True)
expect("a destroyed machine is out of sight", api.listVirtualMachines(id=made["id"], fetch_list=True) == [])

try:
    client(secret="0" * 32).listZones()
    raise SystemExit("a wrong signature was accepted")
except cs.CloudStackException as error:
    expect("a wrong signature is refused with 401", error.error["errorcode"] == 401)
