// What is for sale: all of it, with prices, with what is out of stock marked the moment it is read.

import { Label } from "@karpenter-multicloud/core/api";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { addResources, hours } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { cheapest, offeringsOf, placeOf } from "./purchase.ts";

async function read(stage: Stage): Promise<{ readonly version: string; readonly items: readonly InstanceType[] }> {
  const pool = await stage.pool();
  return await stage.during(stage.provider.getInstanceTypes(pool, stage.context));
}

const prices: Check = {
  id: "types-priced",
  title: "every offering has a price above zero, or says that it has none",
  level: "must",
  wants:
    "`price: undefined` means unpriced: core shows it and never consolidates by it. A price of 0 makes a machine look free, and consolidation stops without a word.",
  async run(stage) {
    const types = await stage.types();
    for (const { name, offerings } of types) {
      for (const offering of offerings) {
        const { price } = offering;
        if (price === undefined || (price.amount > 0 && price.currency !== "")) continue;
        breach(`${name} in ${placeOf(offering).zone} has the price ${price.amount} ${price.currency}`);
      }
    }
  },
};

const machinePriced: Check = {
  id: "machine-priced",
  title: "the labels of a launched machine lead to an offering with its price",
  level: "must",
  wants:
    "Core finds what a machine costs by its instance type, zone and capacity type. When no offering has all three, the machine counts as unpriced and is never consolidated.",
  async run(stage) {
    const best = await cheapest(stage);
    const created = await stage.create(await stage.claim());
    const {
      [Label.InstanceType]: type = "",
      [Label.Zone]: zone = "",
      [Label.CapacityType]: kind = "",
    } = created.metadata.labels ?? {};
    const found = offeringsOf(await stage.types(), type, zone).find((each) => placeOf(each).capacityType === kind);
    if (found === undefined) breach(`no offering has instance type ${type}, zone ${zone} and capacity type ${kind}`);
    if (found.price === undefined && best.price !== undefined) breach(`${type} in ${zone} has no price once it runs`);
  },
};

const readTime: Check = {
  id: "types-out-of-stock",
  title: "an offering that was refused is marked at the next read, under a new version, and comes back",
  level: "must",
  wants:
    "Refusals are remembered in ports.unavailable and laid over the catalogue whenever it is read; its version is part of the version. A cached list that hides them sends the same order again and again, one that keeps them never buys there again.",
  needs: ["inject"],
  async run(stage) {
    const { type, zone, capacityType } = await cheapest(stage);
    const isOpen = (items: readonly InstanceType[]): boolean =>
      offeringsOf(items, type, zone).some(
        (each) => placeOf(each).capacityType === capacityType && each.availability.available,
      );
    const before = await read(stage);
    part(stage, "inject")([{ fault: "outOfStock", instanceType: type, zone }]);
    const claim = await stage.claim({ instanceTypes: [type], zones: [zone] });
    if ((await stage.creationError(claim)) === undefined)
      breach(`${type} in ${zone} is out of stock, and create answered a machine`);
    await stage.forget(claim);
    const after = await read(stage);
    if (isOpen(after.items)) {
      breach(`${type} in ${zone} was refused and is still offered as available`);
    }
    if (after.version === before.version) breach(`the list has changed and its version is ${before.version} as before`);
    part(stage, "inject")([]);
    await stage.pass(hours(2));
    if (!isOpen((await read(stage)).items)) {
      breach(`${type} in ${zone} is still marked as unavailable two hours after it was refused`);
    }
  },
};

const kept: Check = {
  id: "types-all-returned",
  title: "a type without any available offering is still returned",
  level: "must",
  wants:
    "Running machines of a sold-out type must find their price and size, and a pending pod must be told that its type is sold out rather than unknown.",
  needs: ["inject"],
  async run(stage) {
    const { type } = await cheapest(stage);
    part(stage, "inject")([{ fault: "outOfStock", instanceType: type }]);
    for (const zone of stage.cloud.zones) {
      const claim = await stage.claim({ instanceTypes: [type], zones: [zone] });
      await stage.creationError(claim);
      await stage.forget(claim);
    }
    const found = (await read(stage)).items.find(({ name }) => name === type);
    if (found === undefined) breach(`${type} is out of stock everywhere, and getInstanceTypes leaves it out`);
  },
};

const stable: Check = {
  id: "types-stable",
  title: "two reads without a change give the same version and the same list in the same order",
  level: "must",
  wants:
    "Core keeps what it made of a list as long as the version is the same, and breaks ties by order. A version that moves without reason makes every round slow; an order that moves makes plans waver.",
  async run(stage) {
    const [first, second] = [await read(stage), await read(stage)];
    if (first.version !== second.version)
      breach(`nothing has changed, and the version went from ${first.version} to ${second.version}`);
    const names = ({ items }: typeof first): string => items.map(({ name }) => name).join(" ");
    if (names(first) !== names(second)) breach("the order of the types differs between two reads");
  },
};

const overhead: Check = {
  id: "types-overhead",
  title: "every type keeps cpu and memory back for kubelet and system, and memory for eviction",
  level: "must",
  wants:
    "Capacity is what the machine has, allocatable what pods get. overhead.kubeReserved, systemReserved and evictionThreshold are filled in as the nodes will report them; without them pods are planned that do not fit, and every node is followed by another.",
  async run(stage) {
    for (const { name, overhead: kept } of await stage.types()) {
      const reserved = addResources(kept.kubeReserved, kept.systemReserved);
      for (const resource of ["cpu", "memory"]) {
        if (!((reserved[resource] ?? 0) > 0))
          breach(`${name} reserves no ${resource} in kubeReserved or systemReserved`);
      }
      if (!((kept.evictionThreshold["memory"] ?? 0) > 0)) breach(`${name} has no memory in evictionThreshold`);
    }
  },
};

const zones: Check = {
  id: "types-zones",
  title: "offerings are in the zones that the NodeClass may use, and nowhere else",
  level: "must",
  wants:
    "What a NodeClass cannot reach must not be counted on: a plan for another zone or host would wait for a machine that cannot be made.",
  async run(stage) {
    const all = (await stage.types()).flatMap((type) =>
      type.offerings.map((each) => ({ name: type.name, ...placeOf(each) })),
    );
    const outside = all.find(({ zone }) => !stage.cloud.zones.includes(zone));
    if (outside !== undefined)
      breach(`${outside.name} is offered in "${outside.zone}", the NodeClass has ${stage.cloud.zones.join(", ")}`);
  },
};

const VERBS = /^(get|list|create|update|patch|delete|updateStatus|patchStatus) /;

const noKube: Check = {
  id: "types-no-kube",
  title: "getInstanceTypes asks nothing of the Kubernetes API",
  level: "must",
  wants:
    "It is called for every pool in every round of planning. What it needs of the cluster is read from ports.cache, which is kept up to date by watches.",
  async run(stage) {
    await read(stage);
    const passed = stage.life.points().length;
    await read(stage);
    const asked = stage.life
      .points()
      .slice(passed)
      .map(({ call }) => call)
      .find((call) => VERBS.test(call));
    if (asked !== undefined) breach(`getInstanceTypes called the API server: ${asked}`);
  },
};

export const OFFERING: readonly Check[] = [prices, machinePriced, readTime, kept, stable, overhead, zones, noKube];
