// Removing: exactly the machine that was named, asked for once, and gone before it is called gone.

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { failureOf, idOf, told } from "./purchase.ts";

function isStaying(stage: Stage, providerID: string): boolean {
  return stage.machines().some((machine) => machine.providerID === providerID);
}

const ends: Check = {
  id: "delete-ends",
  title: "delete resolves while the machine goes and throws MachineNotFound once it is gone",
  level: "must",
  wants:
    "delete is called again and again; MachineNotFound is its success. Core keeps the NodeClaim until then, so an early one leaves a machine that nobody looks after, and a missing one keeps the NodeClaim for ever.",
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    const error = await stage.deleteOnce(claim);
    const isTold = hasCode(error, "PROVIDER_MACHINE_NOT_FOUND");
    if (error !== undefined && !isTold) breach(`delete of a running machine threw ${told(error)}`, error);
    if (isTold && isStaying(stage, idOf(claim))) breach(`delete says that ${idOf(claim)} is gone, but it runs`);
    const failure = await failureOf(stage.remove(claim));
    if (failure !== undefined) breach(`deleting ${idOf(claim)} came to no end: ${told(failure)}`, failure);
    if (isStaying(stage, idOf(claim))) breach(`delete says that ${idOf(claim)} is gone, but it runs`);
  },
};

/** Asked as often as it takes until the cloud itself says that the machine goes. */
export async function askToGo(stage: Stage, claim: NodeClaim): Promise<void> {
  const isGoing = async (): Promise<boolean> => {
    await stage.deleteOnce(claim);
    return !isStaying(stage, idOf(claim));
  };
  if (await stage.until(isGoing, minutes(30))) return;
  breach(`${idOf(claim)} still runs half an hour after delete was called for it the first time`);
}

const right: Check = {
  id: "delete-right-one",
  title: "of machines that look alike, exactly the NodeClaim's own is removed, also across a restart",
  level: "must",
  wants:
    "A cloud of pools or scale sets must be told which machine goes. Lowering a count lets the cloud choose, and it chooses a machine that works.",
  async run(stage) {
    const first = await stage.launch();
    const second = await stage.launch();
    const third = await stage.launch();
    await stage.booted();
    await stage.deleteOnce(second);
    await stage.restart();
    await askToGo(stage, second);
    await stage.pass(minutes(10));
    for (const claim of [first, third]) {
      if (!isStaying(stage, idOf(claim)))
        breach(`${idOf(second)} was to go, but ${idOf(claim)} of another NodeClaim went`);
    }
  },
};

const overlap: Check = {
  id: "delete-asked-once",
  title: "a machine that already goes is not asked to go again",
  level: "must",
  wants:
    "Core calls delete every few seconds, and two controllers may call it at once. Clouds answer a second destroy call with an error or, when pools are scaled, with a second victim.",
  needs: ["requests"],
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    const seen = part(stage, "requests")().length;
    await Promise.all([stage.deleteOnce(claim), stage.deleteOnce(claim)]);
    for (let count = 0; count < 3; count++) {
      await stage.pass(seconds(1));
      await stage.deleteOnce(claim);
    }
    const asked = part(stage, "requests")()
      .slice(seen)
      .filter(({ action }) => action === "delete");
    if (asked.length > 1) breach(`the cloud was asked ${asked.length} times to remove ${idOf(claim)}`);
  },
};

const outage: Check = {
  id: "delete-outage",
  title: "while the cloud cannot be asked, delete and get throw something else than MachineNotFound",
  level: "must",
  wants:
    "MachineNotFound ends the NodeClaim. An answer of 500, a broken answer or no answer says nothing about the machine, so it must come out as Transient.",
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.launch();
    await stage.restart();
    const { provider, context } = stage;
    for (const fault of ["status", "malformed"] as const) {
      part(stage, "inject")([{ fault, status: 500 }]);
      const got = await failureOf(stage.during(provider.get(idOf(claim), context)));
      if (hasCode(got, "PROVIDER_MACHINE_NOT_FOUND"))
        breach(`during an outage get says that ${idOf(claim)} is gone: ${told(got)}`, got);
      const deleted = await stage.deleteOnce(claim);
      if (hasCode(deleted, "PROVIDER_MACHINE_NOT_FOUND")) {
        breach(`during an outage delete says that ${idOf(claim)} is gone: ${told(deleted)}`, deleted);
      }
    }
  },
};

export const REMOVING: readonly Check[] = [ends, right, overlap, outage];
