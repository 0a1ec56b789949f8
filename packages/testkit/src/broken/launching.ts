// Mistakes in launching.

import { CapacityType, Label, type NodeClaim, type RequirementSpec } from "@karpenter-multicloud/core/api";
import {
  hasCode,
  InsufficientCapacity,
  LaunchPending,
  QuotaExceeded,
  Transient,
  requirementsOfClaim,
  type CloudProvider,
} from "@karpenter-multicloud/core/provider";
import type { BrokenProvider } from "./broken-provider.ts";

type Create = CloudProvider["create"];

/** The order is keyed by something else than the UID. */
async function underUid(create: Create, uid: string, ...[claim, context]: Parameters<Create>): Promise<NodeClaim> {
  const { metadata, ...rest } = await create({ ...claim, metadata: { ...claim.metadata, uid } }, context);
  return { ...rest, metadata: { ...metadata, ...(claim.metadata.uid ? { uid: claim.metadata.uid } : {}) } };
}

function withRequirements(claim: NodeClaim, ...added: readonly RequirementSpec[]): NodeClaim {
  return { ...claim, spec: { ...claim.spec, requirements: [...claim.spec.requirements, ...added] } };
}

let processes = 0;
const keysByCloud = new Map<string, Map<string, string>>();

/** NodeClaim UID → key of its order; outlasts the process, as a tag would. */
function keysOf(url: string): Map<string, string> {
  const keys = keysByCloud.get(url) ?? new Map<string, string>();
  keysByCloud.set(url, keys);
  return keys;
}

/** When `create` throws `code`, another error comes out. */
function translating(
  code: Parameters<typeof hasCode>[1],
  translate: (error: Error) => Error,
): NonNullable<BrokenProvider["provider"]> {
  return (correct) => ({
    create: (claim, context) =>
      correct.create(claim, context).catch((error: Error) => {
        throw hasCode(error, code) ? translate(error) : error;
      }),
  });
}

export const BROKEN_LAUNCHING: readonly BrokenProvider[] = [
  {
    breaks: "create-once",
    mistake: "the order is keyed by a number that each process makes up anew",
    provider(correct) {
      const process = ++processes;
      return {
        create: (claim, context) =>
          underUid(correct.create.bind(correct), `${claim.metadata.uid}-${process}`, claim, context),
      };
    },
  },
  {
    breaks: "create-lost-answer",
    mistake: "an order that failed is sent again under a new token",
    provider(correct) {
      const tries = new Map<string, number>();
      return {
        create: async (claim, context) => {
          const { uid = "" } = claim.metadata;
          try {
            return await underUid(correct.create.bind(correct), `${uid}-${tries.get(uid) ?? 0}`, claim, context);
          } catch (error) {
            if (hasCode(error, "PROVIDER_TRANSIENT")) tries.set(uid, (tries.get(uid) ?? 0) + 1);
            throw error;
          }
        },
      };
    },
  },
  {
    breaks: "create-together",
    mistake: "the order is keyed by how many machines there were a moment before",
    provider: (correct, { client, ports, url }) => ({
      create: async (claim, context) => {
        const { uid = "" } = claim.metadata;
        const keys = keysOf(url);
        if (!keys.has(uid)) {
          const { length } = await client.machines(ports.settings.clusterName, context.signal);
          keys.set(uid, `machine-${length}`);
        }
        return await underUid(correct.create.bind(correct), keys.get(uid) ?? "", claim, context);
      },
    }),
  },
  {
    breaks: "create-as-asked",
    mistake: "the answer says nothing of the machine's capacity",
    provider: (correct) => ({
      create: async (claim, context) => {
        const { status, ...rest } = await correct.create(claim, context);
        const { capacity: _, ...known } = status ?? {};
        return { ...rest, status: known };
      },
    }),
  },
  {
    breaks: "create-cheapest",
    mistake: "the biggest type that fits is taken",
    provider: (correct) => ({
      create: (claim, context) => {
        const wanted = requirementsOfClaim(claim, {}).get(Label.InstanceType);
        const biggest = ["large", "medium", "small"].find((name) => wanted.has(name)) ?? "small";
        const only = { key: Label.InstanceType, operator: "In", values: [biggest] } as const;
        return correct.create(withRequirements(claim, only), context);
      },
    }),
  },
  {
    breaks: "create-big-enough",
    mistake: "requests are not compared with what the machine can hold",
    provider: (correct) => ({
      create: async (claim, context) => {
        const { resources: _, ...spec } = claim.spec;
        return { ...(await correct.create({ ...claim, spec }, context)), spec: claim.spec };
      },
    }),
  },
  {
    breaks: "create-dead-machine",
    mistake: "a machine that failed counts as one that still boots",
    provider: translating("PROVIDER_CREATE_FAILED", ({ message }) => new LaunchPending(message)),
  },
  {
    breaks: "machine-priced",
    mistake: "the label for the capacity type is another one than the offering's",
    provider: (correct) => ({
      create: async (claim, context) => {
        const created = await correct.create(claim, context);
        const labels = { ...created.metadata.labels, [Label.CapacityType]: CapacityType.Spot };
        return { ...created, metadata: { ...created.metadata, labels } };
      },
    }),
  },
  {
    breaks: "error-stock",
    mistake: "the error does not say what is sold out",
    provider: translating("PROVIDER_INSUFFICIENT_CAPACITY", ({ message }) => new InsufficientCapacity(message)),
  },
  {
    breaks: "error-quota",
    mistake: "the account's quota is taken for the type's stock",
    provider: translating(
      "PROVIDER_QUOTA_EXCEEDED",
      ({ message }) => new QuotaExceeded(message, { scope: { level: "type", name: "small" } }),
    ),
  },
  {
    breaks: "error-unauthorized",
    mistake: "401 is taken for an outage",
    provider: translating("PROVIDER_UNAUTHORIZED", ({ message }) => new Transient(message)),
  },
  {
    breaks: "error-transient",
    mistake: "an outage is taken for missing stock",
    provider: translating("PROVIDER_TRANSIENT", ({ message }) => new InsufficientCapacity(message)),
  },
  {
    breaks: "class-ready",
    mistake: "the class is looked up and its condition is not",
    provider: (correct) => ({
      create: (claim, context) => {
        const nodeClassRef = { ...claim.spec.nodeClassRef, name: "default" };
        return correct.create({ ...claim, spec: { ...claim.spec, nodeClassRef } }, context);
      },
    }),
  },
  {
    breaks: "collect-keeps",
    mistake: "machines of NodeClaims without a provider ID are taken for leaked",
    provider: (_, { client, ports }) => ({
      collectGarbage: async (claims, { signal }) => {
        const known = new Set(claims.flatMap(({ status }) => status?.providerID ?? []));
        for (const { id } of await client.machines(ports.settings.clusterName, signal)) {
          if (!known.has(`tiny://${id}`)) await client.remove(id, signal);
        }
      },
    }),
  },
];
