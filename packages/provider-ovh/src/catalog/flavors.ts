// Keeps the list of flavors of each cluster fresh: asked anew after five minutes, and the last good one kept for a day (O-16).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { kindOf } from "../client/failure-kind.ts";
import type { WireKubeFlavor, WireProjectFlavor } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import { mergeFlavors } from "./flavor.ts";
import type { Flavor } from "./flavor.ts";

export interface FlavorList {
  /** Changes with the content. */
  readonly version: number;
  readonly flavors: readonly Flavor[];
}

interface Entry {
  readonly list: FlavorList;
  readonly text: string;
  readonly fetchedAt: number;
  /** Not asked before. */
  readonly nextAt: number;
}

const FRESH_MS = 5 * 60_000;
const RETRY_MS = 60_000;
const KEEP_MS = 24 * 3600_000;

export class FlavorCatalog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<FlavorList>>();
  #versions = 0;
  #toldAboutProject = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws OvhApiError when there is no list younger than a day */
  async of(access: ClusterAccess, region: string, signal: AbortSignal): Promise<FlavorList> {
    const known = this.#entries.get(access.kubeId);
    if (known && this.#clock.now() < known.nextAt) return known.list;
    const running = this.#running.get(access.kubeId);
    if (running) return running;
    const fresh = this.#refresh(access, region, signal).finally(() => this.#running.delete(access.kubeId));
    this.#running.set(access.kubeId, fresh);
    return fresh;
  }

  /** What is known without asking; undefined before the first answer. */
  known(kubeId: string): FlavorList | undefined {
    return this.#entries.get(kubeId)?.list;
  }

  async #refresh(access: ClusterAccess, region: string, signal: AbortSignal): Promise<FlavorList> {
    const known = this.#entries.get(access.kubeId);
    try {
      const listed = await listKubeFlavors(access, region, signal);
      const flavors = mergeFlavors(listed, await this.#projectFlavors(access, region, signal));
      return this.#store(access.kubeId, flavors, known);
    } catch (error) {
      const now = this.#clock.now();
      if (!known || now - known.fetchedAt > KEEP_MS) throw error;
      this.#logger.warn("using the last known list of flavors", { error, kubeId: access.kubeId });
      this.#entries.set(access.kubeId, { ...known, nextAt: now + RETRY_MS });
      return known.list;
    }
  }

  #store(kubeId: string, flavors: readonly Flavor[], known: Entry | undefined): FlavorList {
    const now = this.#clock.now();
    const text = JSON.stringify(flavors);
    const list = known?.text === text ? known.list : { version: ++this.#versions, flavors };
    if (list !== known?.list) this.#tellEstimates(flavors);
    this.#entries.set(kubeId, { list, text, fetchedAt: now, nextAt: now + FRESH_MS });
    return list;
  }

  /** Outside the minimum rights: without it disk sizes come from the table. */
  async #projectFlavors(
    access: ClusterAccess,
    region: string,
    signal: AbortSignal,
  ): Promise<readonly WireProjectFlavor[]> {
    if (access.denied.has("projectFlavors")) return [];
    try {
      return await access.mks.projectFlavors(region, signal);
    } catch (error) {
      if (kindOf(error) !== "permission") throw error;
      access.denied.add("projectFlavors");
      if (!this.#toldAboutProject)
        this.#logger.info("flavor details come from the bundled table", {
          reason: "no right to GET /cloud/project/{serviceName}/flavor",
        });
      this.#toldAboutProject = true;
      return [];
    }
  }

  #tellEstimates(flavors: readonly Flavor[]): void {
    const estimated = flavors.filter((flavor) => flavor.diskEstimated).map((flavor) => flavor.name);
    if (estimated.length > 0) this.#logger.info("disk sizes are estimated", { flavors: estimated });
  }
}

async function listKubeFlavors(
  access: ClusterAccess,
  region: string,
  signal: AbortSignal,
): Promise<readonly WireKubeFlavor[]> {
  try {
    return await access.mks.kubeFlavors(access.kubeId, signal);
  } catch (error) {
    if (kindOf(error) !== "permission") throw error;
    return access.mks.capabilityFlavors(region, signal);
  }
}
