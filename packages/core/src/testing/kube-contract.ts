// The facts every KubeClient must show, whatever stands behind it. The real server is right: a fact that it does not show is wrong here.
// Imports vitest, so it is a file of its own and not part of the room's index.

import { afterAll, beforeAll, describe } from "vitest";
import { deletionFacts } from "./kube-contract/deletion-facts.ts";
import { evictionFacts } from "./kube-contract/eviction-facts.ts";
import { listFacts } from "./kube-contract/list-facts.ts";
import { objectFacts } from "./kube-contract/object-facts.ts";
import { patchFacts } from "./kube-contract/patch-facts.ts";
import { podFacts } from "./kube-contract/pod-facts.ts";
import { schemaFacts } from "./kube-contract/schema-facts.ts";
import { statusFacts } from "./kube-contract/status-facts.ts";
import { updateFacts } from "./kube-contract/update-facts.ts";
import { watchFacts } from "./kube-contract/watch-facts.ts";
import { World, type ContractSubject } from "./kube-contract/world.ts";

export type { ContractSubject } from "./kube-contract/world.ts";

/**
 * Asks for a server that serves our custom resources and runs no controllers. It may hold other objects; the suite works in a
 * namespace of its own and removes the cluster-scoped objects it made.
 */
export function describeKubeClientContract(name: string, setUp: () => Promise<ContractSubject>): void {
  describe(`${name} as a KubeClient`, () => {
    const world = new World();
    beforeAll(async () => world.open(await setUp()));
    afterAll(() => world.close());
    describe("objects", () => {
      objectFacts(world);
    });
    describe("schemas", () => {
      schemaFacts(world);
    });
    describe("updates", () => {
      updateFacts(world);
    });
    describe("status", () => {
      statusFacts(world);
    });
    describe("patches", () => {
      patchFacts(world);
    });
    describe("deletions", () => {
      deletionFacts(world);
    });
    describe("pods", () => {
      podFacts(world);
    });
    describe("evictions", () => {
      evictionFacts(world);
    });
    describe("lists", () => {
      listFacts(world);
    });
    describe("watches", () => {
      watchFacts(world);
    });
  });
}
