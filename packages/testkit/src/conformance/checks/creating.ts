// Launching: one machine per NodeClaim, the cheapest one that fits, told to core as it is.

import { Label, type NodeClaim } from "@karpenter-multicloud/core/api";
import { findProviderError, hasCode } from "@karpenter-multicloud/core/provider";
import { compareRates, formatRate, minutes, requestsFrom, seconds } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { cheapest, choices, idOf, offeringsOf, told, typeNames } from "./purchase.ts";
import { sweep } from "./sweep.ts";

function expectMachines(stage: Stage, count: number, after: string): void {
  const machines = stage.machines();
  if (machines.length === count) return;
  breach(
    `after ${after} the cloud has ${machines.length} machines instead of ${count}: ${machines.map(({ id }) => id).join(", ") || "none"}`,
  );
}

const once: Check = {
  id: "create-once",
  title: "create called again for one NodeClaim, also by the next process, answers the same machine",
  level: "must",
  wants:
    "create is idempotent by the NodeClaim's UID. The process may die between the cloud's answer and the write of the status; the next one asks again, and a second machine would be paid for and belong to nobody.",
  async run(stage) {
    const claim = await stage.claim();
    const first = await stage.create(claim);
    const second = await stage.create(claim);
    if (idOf(second) !== idOf(first)) breach(`the second call answered ${idOf(second)}, the first ${idOf(first)}`);
    await stage.restart();
    const third = await stage.create(claim);
    if (idOf(third) !== idOf(first)) breach(`after a restart create answered ${idOf(third)} instead of ${idOf(first)}`);
    expectMachines(stage, 1, "three calls for one NodeClaim");
  },
};

/** More than a client repeats by itself within one call. */
const LOST_ANSWERS = 5;

const lostAnswer: Check = {
  id: "create-lost-answer",
  title: "an order whose answer is lost, several times over, is found again instead of repeated",
  level: "must",
  wants:
    "A connection may break after the cloud has done what was asked. Whoever repeats the order must find the machine of the first one: by a name or tag made of the claim's UID, or by a token the cloud keeps.",
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.claim();
    part(stage, "inject")([{ fault: "timeoutAfter", on: "create", times: LOST_ANSWERS }]);
    await createStubbornly(stage, claim);
    await stage.pass(minutes(2));
    expectMachines(stage, 1, "an order whose answer was lost and its repetition");
  },
};

/** Core goes on asking after a failure that may pass. */
async function createStubbornly(stage: Stage, claim: NodeClaim): Promise<NodeClaim> {
  let last: unknown;
  for (let attempt = 0; attempt < 6; attempt++) {
    try {
      return await stage.create(claim);
    } catch (error) {
      last = error;
      await stage.pass(seconds(10));
    }
  }
  return breach(`create still fails after the fault is over: ${told(last)}`, last);
}

const together: Check = {
  id: "create-together",
  title: "NodeClaims created at the same time get one machine each",
  level: "must",
  wants:
    "Core creates many NodeClaims at once. Each call stands for one machine: a provider that counts on its own state between two awaits gives one machine to two claims, or buys one too many.",
  async run(stage) {
    const claims: NodeClaim[] = [];
    for (let count = 0; count < 6; count++) claims.push(await stage.claim());
    const created = await stage.during(Promise.all(claims.map((claim) => stage.create(claim))));
    const ids = new Set(created.map(idOf));
    if (ids.size !== 6) breach(`6 NodeClaims were told of ${ids.size} machines: ${[...ids].sort().join(", ")}`);
    expectMachines(stage, 6, "6 NodeClaims at once");
  },
};

const asAsked: Check = {
  id: "create-as-asked",
  title: "the machine has the instance type and zone that the NodeClaim asks for, and the answer says so",
  level: "must",
  wants:
    "create answers the claim itself with providerID, capacity and allocatable in its status and the machine's instance type, zone and capacity type as labels; the labels end up on the Node and decide what core does with it.",
  async run(stage) {
    const last = (await choices(stage)).at(-1) ?? breach("nothing is for sale");
    const claim = await stage.claim({ instanceTypes: [last.type], zones: [last.zone] });
    const created = await stage.create(claim);
    if (created.metadata.name !== claim.metadata.name || created.metadata.uid !== claim.metadata.uid) {
      breach(`asked for ${claim.metadata.name}, create answered a NodeClaim called ${created.metadata.name}`);
    }
    if (idOf(created) === "") breach("the answer has no status.providerID");
    const { labels = {} } = created.metadata;
    for (const [key, value] of [
      [Label.InstanceType, last.type],
      [Label.Zone, last.zone],
    ] as const) {
      if (labels[key] !== value) breach(`the answer's label ${key} is ${labels[key] ?? "missing"}, asked was ${value}`);
    }
    if (!labels[Label.CapacityType]) breach(`the answer has no label ${Label.CapacityType}`);
    for (const list of ["capacity", "allocatable"] as const) {
      const { cpu = 0, memory = 0 } = requestsFrom(created.status?.[list]);
      if (cpu === 0 || memory === 0) breach(`status.${list} of the answer lacks cpu or memory`);
    }
    const real = stage.machines().find(({ providerID }) => providerID === idOf(created));
    if (real === undefined) breach(`the cloud knows no machine ${idOf(created)}`);
    if (real.instanceType !== last.type || real.zone !== last.zone) {
      breach(`asked was ${last.type} in ${last.zone}, the cloud made ${real.instanceType} in ${real.zone}`);
    }
  },
};

const cheapestFirst: Check = {
  id: "create-cheapest",
  title: "of all offerings that fit, the cheapest one is launched",
  level: "must",
  wants:
    "A NodeClaim lists every type that would do. The provider launches the one with the lowest price over types and zones; unpriced ones come last.",
  async run(stage) {
    const best = await cheapest(stage);
    const { metadata } = await stage.create(await stage.claim());
    const labels = metadata.labels ?? {};
    const types = await stage.types();
    const name = labels[Label.InstanceType] ?? "";
    const prices = offeringsOf(types, name, labels[Label.Zone]).map(({ price }) => price);
    const [paid] = [...prices].sort(compareRates);
    if (compareRates(paid, best.price) <= 0) return;
    breach(
      `launched ${name} for ${formatRate(paid)} although ${best.type} in ${best.zone} costs ${formatRate(best.price)}`,
    );
  },
};

const unfit: Check = {
  id: "create-big-enough",
  title: "the machine has room for what the NodeClaim requests",
  level: "must",
  wants:
    "spec.resources.requests is what waits for the machine, DaemonSets included. A type whose allocatable is smaller must not be launched, whatever it costs.",
  async run(stage) {
    const names = await typeNames(stage);
    const types = (await stage.types()).filter(({ name }) => names.includes(name));
    const cpus = types.map(({ capacity }) => capacity["cpu"] ?? 0);
    const smallest = Math.min(...cpus);
    if (Math.max(...cpus) === smallest)
      breach("the subject's requirements leave no two types of different size to choose from");
    const created = await stage.create(await stage.claim({ requests: { cpu: `${smallest}m`, memory: "512Mi" } }));
    const got = requestsFrom(created.status?.allocatable)["cpu"] ?? 0;
    if (got < smallest) breach(`${smallest}m cpu were requested, the machine's allocatable is ${got}m`);
  },
};

const dead: Check = {
  id: "create-dead-machine",
  title: "a machine that fails while it boots ends in an error, and is not left behind",
  level: "must",
  wants:
    "Until the machine is known to live, create answers LaunchPending; when the cloud gives it up, create throws CreateFailed or InsufficientCapacity with the cloud's own text, and the remains are removed. Otherwise the claim waits for its timeout without a reason and the machine is paid for.",
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.claim();
    part(stage, "inject")([{ fault: "boot" }]);
    const error = await stage.creationError(claim);
    const known = findProviderError(error);
    if (error === undefined) breach("create answered a machine that the cloud has given up");
    if (known === undefined) breach(`create threw ${told(error)}, which is not one of core's provider errors`, error);
    if (hasCode(error, "PROVIDER_LAUNCH_PENDING"))
      breach(`create still answers ${told(error)} at the launch timeout`, error);
    part(stage, "inject")([]);
    await stage.forget(claim);
    await sweep(stage);
    expectMachines(stage, 0, "the failed NodeClaim and its collection");
  },
};

export const CREATING: readonly Check[] = [once, lostAnswer, together, asAsked, cheapestFirst, unfit, dead];
