// Drift: nothing as long as nothing changes, one reason when something does.

import { minutes } from "@karpenter-multicloud/core/units";
import type { NodeClaim, Resource } from "@karpenter-multicloud/core/api";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { failureOf } from "./purchase.ts";

async function driftOf(stage: Stage, claim: NodeClaim): Promise<string> {
  const current = (await stage.stored(claim)) ?? claim;
  return await stage.during(stage.provider.isDrifted(current, stage.context));
}

const none: Check = {
  id: "drift-none",
  title: "an unchanged machine is never drifted, not at once, not later, not to the next process",
  level: "must",
  wants:
    "A reported drift replaces the machine. Comparing what the cloud answers with what was written, in another order, spelling or moment, replaces a whole fleet for nothing.",
  async run(stage) {
    const claim = await stage.launch();
    const moments = ["at once", "ten minutes later", "an hour later", "after a restart"] as const;
    for (const moment of moments) {
      if (moment === "ten minutes later") await stage.booted();
      if (moment !== "at once") await stage.pass(minutes(moment === "an hour later" ? 60 : 10));
      if (moment === "after a restart") await stage.restart();
      for (let count = 0; count < 2; count++) {
        const reason = await driftOf(stage, claim);
        if (reason !== "") breach(`nothing has changed, and ${moment} isDrifted answers ${reason}`);
      }
    }
  },
};

const reported: Check = {
  id: "drift-reported",
  title: "a change of the NodeClass is reported with the same reason until the machine is replaced",
  level: "must",
  wants:
    "The reason is PascalCase and ends in the condition Drifted. It must not come and go: core would begin the replacement and take it back.",
  needs: ["driftingSpec"],
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    await stage.kube.patch(
      classOf(stage),
      { name: stage.cloud.nodeClassRef.name },
      {
        type: "merge",
        body: { spec: part(stage, "driftingSpec") },
      },
    );
    await stage.pass(minutes(10));
    const first = await driftOf(stage, claim);
    if (!/^[A-Z][A-Za-z]+$/.test(first)) breach(`the NodeClass has changed, isDrifted answers "${first}"`);
    const again = await driftOf(stage, claim);
    await stage.restart();
    await stage.pass(minutes(2));
    const later = await driftOf(stage, claim);
    if (again !== first || later !== first)
      breach(`isDrifted answered ${first}, then "${again}", after a restart "${later}"`);
  },
};

function classOf({ subject, cloud }: Stage): Resource {
  const found = subject.factory.customResources.find(({ resource }) => resource.kind === cloud.nodeClassRef.kind);
  return found?.resource ?? breach(`the factory's customResources have no ${cloud.nodeClassRef.kind}`);
}

const outage: Check = {
  id: "drift-outage",
  title: "a cloud that cannot be asked is no drift",
  level: "must",
  wants: 'isDrifted throws or answers ""; an error is never a reason to replace a machine.',
  needs: ["inject"],
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    await stage.pass(minutes(10));
    await stage.restart();
    for (const fault of ["status", "malformed"] as const) {
      part(stage, "inject")([{ fault, status: 500 }]);
      let reason = "";
      await failureOf(driftOf(stage, claim).then((found) => (reason = found)));
      if (reason !== "") breach(`during an outage isDrifted answers ${reason}`);
    }
  },
};

export const DRIFT: readonly Check[] = [none, reported, outage];
