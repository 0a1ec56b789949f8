// Looks at everything a class depends on, in order, and says for each condition of OVHNodeClass whether it holds.

import type { Node } from "@karpenter-multicloud/core/api";
import { conditionTrue, conditionFalse } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Finding } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { formatRate } from "@karpenter-multicloud/core/units";

import { OvhCondition } from "../api/ovh-node-class.ts";
import type { OVHNodeClass, OVHNodeClassStatus } from "../api/ovh-node-class.ts";
import type { FlavorCatalog } from "../catalog/flavors.ts";
import type { Pricing } from "../catalog/pricing.ts";
import { findZones } from "../catalog/zones.ts";
import { kindOf } from "../client/failure-kind.ts";
import { MksClient } from "../client/mks-client.ts";
import type { WireCluster } from "../client/wire.ts";
import type { OvhSettings } from "../settings.ts";
import type { ApiClient, ApiClients } from "../access/api-clients.ts";
import { serviceNameOf } from "../access/cluster-access.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import { clusterIdOf, findCluster } from "../access/find-cluster.ts";
import {
  clusterFinding,
  findingOf,
  permissionsSoFar,
  planFinding,
  projectFinding,
  saidBy,
  tagsFinding,
} from "./findings.ts";
import { missingRights } from "../access/needed-rights.ts";

export interface InspectorParts {
  readonly clients: ApiClients;
  /** Texts in which the address of the cluster we run in stands. */
  readonly addresses: (signal: AbortSignal) => Promise<string>;
  readonly nodes: () => readonly Node[];
  /** The API has refused a pool without zone there. */
  readonly hasZones: (region: string) => boolean;
  readonly flavors: FlavorCatalog;
  readonly pricing: Pricing;
  readonly settings: OvhSettings;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  readonly status: Omit<OVHNodeClassStatus, "conditions">;
}

/** Stops at the first thing that makes the following ones unknowable. */
export class Inspector {
  readonly #parts: InspectorParts;

  constructor(parts: InspectorParts) {
    this.#parts = parts;
  }

  async inspect(nodeClass: OVHNodeClass, signal: AbortSignal): Promise<Inspection> {
    const findings: Finding[] = [tagsFinding(nodeClass), this.#pricingFinding()];
    const status: Mutable<Inspection["status"]> = {};
    try {
      await this.#walk(nodeClass, findings, status, signal);
    } catch (error) {
      signal.throwIfAborted();
      findings.push(findingOf(error));
    }
    return { findings, status };
  }

  async #walk(
    nodeClass: OVHNodeClass,
    findings: Finding[],
    status: Mutable<Inspection["status"]>,
    signal: AbortSignal,
  ): Promise<void> {
    const client = await this.#parts.clients.forSpec(nodeClass.spec ?? {}, signal);
    const serviceName = serviceNameOf(nodeClass, this.#parts.settings);
    if (serviceName === undefined) {
      findings.push(
        conditionFalse(
          OvhCondition.ClusterReady,
          "ServiceNameMissing",
          "set spec.serviceName (the Public Cloud project id) or OVH_SERVICE_NAME",
        ),
      );
      return;
    }
    status.serviceName = serviceName;
    const mks = new MksClient(client.api, serviceName);
    const cluster = await this.#cluster(nodeClass, mks, findings, signal);
    if (cluster === undefined) return;
    Object.assign(status, {
      kubeId: cluster.id,
      region: cluster.region,
      plan: cluster.plan,
      kubernetesVersion: cluster.version,
    });
    this.#parts.pricing.use(await client.shop(signal));
    const access: ClusterAccess = { mks, kubeId: cluster.id, subsidiary: client.subsidiary, denied: client.denied };
    findings.push(this.#regionFinding(nodeClass, cluster), planFinding(nodeClass, cluster));
    await this.#zones(nodeClass, access, cluster, { findings, status, signal });
    await this.#flavors(access, cluster, { findings, status, signal });
    status.poolCount = (await mks.pools(cluster.id, signal)).length;
    findings.push(await this.#permissions(client, { serviceName, kubeId: cluster.id }, signal));
  }

  async #cluster(
    nodeClass: OVHNodeClass,
    mks: MksClient,
    findings: Finding[],
    signal: AbortSignal,
  ): Promise<WireCluster | undefined> {
    const { addresses, nodes, settings } = this.#parts;
    const said = nodeClass.spec?.kubeId ?? settings.kubeId;
    const here = nodes();
    const found = await findCluster(
      { mks, addresses: () => addresses(signal), nodes: here, ...(said === undefined ? {} : { said }) },
      signal,
    );
    if (found.kind === "not-found") {
      findings.push(conditionFalse(OvhCondition.ClusterReady, found.reason, found.message));
      return undefined;
    }
    const other = [settings.kubeId, ...here.flatMap(clusterIdOf)].find((id) => id !== undefined && id !== found.kubeId);
    if (other !== undefined) {
      findings.push(
        conditionFalse(
          OvhCondition.ClusterReady,
          "OtherCluster",
          `kubeId ${found.kubeId} is not the cluster this controller runs in (${other})`,
        ),
      );
      return undefined;
    }
    const cluster = await this.#read(mks, found.kubeId, findings, signal);
    if (cluster === undefined) return undefined;
    findings.push(conditionTrue(OvhCondition.CredentialsReady), clusterFinding(cluster), projectFinding(cluster));
    return cluster;
  }

  async #read(
    mks: MksClient,
    kubeId: string,
    findings: Finding[],
    signal: AbortSignal,
  ): Promise<WireCluster | undefined> {
    try {
      return await mks.cluster(kubeId, signal);
    } catch (error) {
      if (kindOf(error) !== "not-found") throw error;
      const what = `cluster ${kubeId} was not found in project ${mks.serviceName}`;
      const said = saidBy(error);
      findings.push(
        conditionFalse(
          OvhCondition.ClusterReady,
          "NotFound",
          `${what}: correct kubeId, serviceName or endpoint (${said})`,
        ),
      );
      return undefined;
    }
  }

  #regionFinding(nodeClass: OVHNodeClass, { region }: WireCluster): Finding {
    const wanted = nodeClass.spec?.region ?? this.#parts.settings.region;
    if (wanted === undefined || wanted === region) return conditionTrue(OvhCondition.RegionValid);
    return conditionFalse(
      OvhCondition.RegionValid,
      "RegionMismatch",
      `region is ${wanted}, but the cluster is in ${region}: correct it or leave it out`,
    );
  }

  async #zones(nodeClass: OVHNodeClass, access: ClusterAccess, { region }: WireCluster, out: Out): Promise<void> {
    const { settings, nodes, hasZones } = this.#parts;
    const { subsidiary } = access;
    const question = { access, region, subsidiary, nodes: nodes(), hasZones: hasZones(region) };
    const { defaultZone } = settings;
    const found = await findZones({ ...question, ...(defaultZone === undefined ? {} : { defaultZone }) }, out.signal);
    Object.assign(out.status, { zones: found.zones, regionType: found.regionType });
    const unknown = (nodeClass.spec?.zones ?? []).filter((zone) => !found.zones.includes(zone));
    out.findings.push(
      unknown.length === 0
        ? conditionTrue(OvhCondition.ZonesReady)
        : conditionFalse(
            OvhCondition.ZonesReady,
            "UnknownZone",
            `${unknown.join(", ")}: the zones of ${region} are ${found.zones.join(", ")}`,
          ),
    );
  }

  async #flavors(access: ClusterAccess, { region }: WireCluster, out: Out): Promise<void> {
    const { flavors } = await this.#parts.flavors.of(access, region, out.signal);
    const available = flavors.filter((flavor) => flavor.unavailable === undefined);
    Object.assign(out.status, {
      flavors: { total: flavors.length, available: available.length },
      discoveredFlavors: flavors.map((flavor) => flavor.name).slice(0, 200),
      currency: this.#parts.pricing.book.currency,
      priceSource: this.#parts.pricing.book.source,
    });
    out.findings.push(
      flavors.length > 0
        ? conditionTrue(OvhCondition.FlavorsReady)
        : conditionFalse(
            OvhCondition.FlavorsReady,
            "NoFlavors",
            `OVHcloud offers no flavor for this cluster in ${region} now`,
          ),
    );
  }

  /** From the rules of the consumer key where they can be read; else from what was refused so far. */
  async #permissions(
    client: ApiClient,
    cluster: { readonly serviceName: string; readonly kubeId: string },
    signal: AbortSignal,
  ): Promise<Finding> {
    const rules = await client.accessRules(signal);
    const deletesNodes = this.#parts.settings.deleteMode === "node";
    const missing = rules && missingRights(rules, { ...cluster, deletesNodes });
    if (missing === undefined || client.deniedWrites().length > 0) return permissionsSoFar(client);
    if (missing.length === 0)
      return { ...conditionTrue(OvhCondition.PermissionsReady), message: "every right that is needed is granted" };
    const rights = missing.join(", ");
    const where =
      "make a consumer key with them at https://api.ovh.com/createToken/ and put it into the credentials Secret";
    return conditionFalse(
      OvhCondition.PermissionsReady,
      "CallNotGranted",
      `the consumer key lacks these rights: ${rights}; ${where}`,
    );
  }

  #pricingFinding(): Finding {
    const { book, failure } = this.#parts.pricing;
    if (failure === undefined)
      return { ...conditionTrue(OvhCondition.PricingReady), reason: book.source === "live" ? "Live" : "Bundled" };
    const example =
      book.source === "live"
        ? "the last prices stay in use"
        : `bundled prices are used, for example ${formatRate(b3Rate(book))} for b3-8`;
    return conditionFalse(
      OvhCondition.PricingReady,
      "CatalogueUnreadable",
      `the order catalogue could not be read (${failure}); ${example}`,
    );
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Out {
  readonly findings: Finding[];
  readonly status: Mutable<Inspection["status"]>;
  readonly signal: AbortSignal;
}

function b3Rate(book: Pricing["book"]): ReturnType<Pricing["book"]["hourly"]>["rate"] {
  const flavor = { name: "b3-8", family: "b3", size: "8", category: "b", vCPUs: 2, ramGB: 8, diskGB: 50 };
  return book.hourly({ ...flavor, diskEstimated: false, gpus: 0, state: "available" }, "1az").rate;
}
