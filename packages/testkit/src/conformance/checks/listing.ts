// Listing: everything that is ours and nothing else, complete or an error, without help from the cluster.

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, part, type Check } from "../check.ts";
import { failureOf, idOf, told } from "./purchase.ts";
import { askToGo } from "./removing.ts";
import { collectOnce, sweep } from "./sweep.ts";

const MANY = 12;

async function listedIds(stage: Stage): Promise<readonly string[]> {
  return (await stage.during(stage.provider.list(stage.context))).map(idOf);
}

const orphans: Check = {
  id: "list-orphans",
  title: "a machine whose NodeClaim has vanished is listed, and can be deleted from what list answers",
  level: "must",
  wants:
    "Core finds leaked machines by comparing list with the NodeClaims. So list asks the cloud, not the cluster, and its entries carry enough (providerID, labels, creation time) to delete by.",
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    await stage.forget(claim);
    await stage.restart();
    const entry = (await stage.during(stage.provider.list(stage.context))).find((each) => idOf(each) === idOf(claim));
    if (entry === undefined) breach(`the machine ${idOf(claim)} runs without a NodeClaim, and list does not have it`);
    if (!entry.metadata.creationTimestamp) {
      breach(
        `the entry of ${idOf(claim)} has no metadata.creationTimestamp; core collects nothing whose age it cannot tell`,
      );
    }
    await sweep(stage);
    if (stage.machines().length > 0) breach(`${idOf(claim)} still runs after 50 minutes of collection`);
  },
};

const own: Check = {
  id: "list-only-ours",
  title: "machines of another cluster are neither listed nor found nor removed",
  level: "must",
  wants:
    "Everything that core finds in list and cannot match with a NodeClaim is deleted. The cluster's name stands on every machine we make, and only machines that carry it are ours.",
  needs: ["addForeignMachine"],
  async run(stage) {
    await part(stage, "addForeignMachine")();
    await stage.until(() => stage.machines().length > 0, minutes(10));
    const foreign = stage.machines()[0] ?? breach("addForeignMachine of the subject has made no machine");
    const claim = await stage.launch();
    const strangers = (await listedIds(stage)).filter((id) => id !== idOf(claim));
    if (strangers.length > 0) breach(`list has ${strangers.join(", ")}, which another cluster made`);
    await stage.forget(claim);
    for (let round = 0; round < 25 && stage.machines().length > 1; round++) {
      await collectOnce(stage);
      await stage.pass(minutes(2));
    }
    if (!stage.machines().some(({ id }) => id === foreign.id))
      breach(`collection has removed ${foreign.id} of another cluster`);
  },
};

const complete: Check = {
  id: "list-complete",
  title: `list has all of ${MANY} machines, each once, and none that goes`,
  level: "must",
  wants:
    "list reads every page, zone and pool. A machine that is missing counts as gone, and its NodeClaim ends while it runs; one that is being deleted is left out.",
  async run(stage) {
    const created: NodeClaim[] = [];
    for (let count = 0; count < MANY; count++) created.push(await stage.launch());
    await stage.restart();
    const wanted = created.map(idOf).sort();
    const listed = [...(await listedIds(stage))].sort();
    if (listed.join() !== wanted.join()) {
      const missing = wanted.filter((id) => !listed.includes(id));
      breach(
        `${MANY} machines were made, list has ${listed.length}; missing: ${missing.join(", ") || "none, some are twice"}`,
      );
    }
    const going = created.at(-1) ?? breach("no machine was made");
    await askToGo(stage, going);
    await stage.pass(minutes(1));
    if ((await listedIds(stage)).includes(idOf(going))) breach(`${idOf(going)} is being deleted and still listed`);
  },
};

const outage: Check = {
  id: "list-outage",
  title: "a list that cannot be read completely throws",
  level: "must",
  wants:
    "An error never looks like an empty or a short list: core would end the NodeClaims of all machines that are missing in it.",
  needs: ["inject"],
  async run(stage) {
    await stage.launch();
    for (const fault of ["status", "malformed", "timeoutBefore"] as const) {
      await stage.restart();
      part(stage, "inject")([{ fault, status: 500, on: "list" }]);
      const { provider, context } = stage;
      const answer = await stage.during(provider.list(context)).catch(() => undefined);
      if (answer !== undefined)
        breach(`with fault "${fault}" on every list request, list answered ${answer.length} machines`);
      part(stage, "inject")([]);
      await stage.pass(minutes(2));
    }
  },
};

const get: Check = {
  id: "get-one",
  title: "get answers the machine by its provider ID, and MachineNotFound when it is gone",
  level: "must",
  wants:
    "get asks the cloud and answers what create answered: the same provider ID, type and zone. MachineNotFound means gone or irrevocably going.",
  async run(stage) {
    const claim = await stage.launch();
    await stage.booted();
    const { provider, context } = stage;
    const got = await stage.during(provider.get(idOf(claim), context));
    if (idOf(got) !== idOf(claim)) breach(`get of ${idOf(claim)} answered ${idOf(got) || "no provider ID"}`);
    for (const key of ["node.kubernetes.io/instance-type", "topology.kubernetes.io/zone"] as const) {
      const [was, is] = [claim.metadata.labels?.[key], got.metadata.labels?.[key]];
      if (was !== is) breach(`label ${key}: create answered ${was}, get ${is ?? "none"}`);
    }
    await askToGo(stage, claim);
    await stage.pass(minutes(10));
    const error = await failureOf(stage.during(provider.get(idOf(claim), context)));
    if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND"))
      breach(`get of the removed ${idOf(claim)} threw ${told(error)}`, error);
  },
};

const keeps: Check = {
  id: "collect-keeps",
  title: "collectGarbage removes no machine of a NodeClaim, not even of one that was never told of it",
  level: "must",
  wants:
    "A NodeClaim whose process died before its status was written has a machine all the same. collectGarbage gets all NodeClaims, reads the cloud first, and leaves alone what may be theirs.",
  async run(stage) {
    const claim = await stage.launch();
    const untold = await stage.claim();
    const created = await stage.create(untold);
    await stage.restart();
    for (let round = 0; round < 15; round++) {
      const claims = [await stage.stored(claim), await stage.stored(untold)].filter((each) => each !== undefined);
      await stage.during(stage.provider.collectGarbage?.(claims, stage.context) ?? Promise.resolve());
      await stage.pass(minutes(2));
    }
    for (const each of [claim, created]) {
      if (stage.machines().some(({ providerID }) => providerID === idOf(each))) continue;
      breach(`collectGarbage has removed ${idOf(each)} of NodeClaim ${each.metadata.name}`);
    }
  },
};

export const LISTING: readonly Check[] = [orphans, own, complete, outage, get, keeps];
