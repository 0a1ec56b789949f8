// Mistakes in removing, listing, offering and comparing, and in the Nodes that machines become.

import { Label, NodeClaims, NodePools } from "@karpenter-multicloud/core/api";
import { hasCode, MachineNotFound, Transient, type InstanceTypes } from "@karpenter-multicloud/core/provider";
import { Requirement, type Requirements } from "@karpenter-multicloud/core/requirements";
import type { BrokenProvider } from "./broken-provider.ts";

const PAGE = 10;

/** What is sold is told with a change. */
function selling(change: (types: InstanceTypes) => InstanceTypes): NonNullable<BrokenProvider["provider"]> {
  return (correct) => ({
    getInstanceTypes: async (pool, context) => change(await correct.getInstanceTypes(pool, context)),
  });
}

const REMOVING: readonly BrokenProvider[] = [
  {
    breaks: "delete-ends",
    mistake: "a machine that is gone is nothing to complain about",
    provider: (correct) => ({
      delete: (claim, context) =>
        correct.delete(claim, context).catch((error: unknown) => {
          if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
        }),
    }),
  },
  {
    breaks: "delete-right-one",
    mistake: "the pool is made smaller by one, and the newest machine goes",
    provider: (correct) => ({
      delete: async (claim, context) => {
        const all = await correct.list(context);
        const newest = all.at(-1)?.status;
        return await correct.delete(newest === undefined ? claim : { ...claim, status: newest }, context);
      },
    }),
  },
  {
    breaks: "delete-asked-once",
    mistake: "nobody looks whether the machine already goes",
    provider: (correct, { client }) => ({
      delete: async (claim, context) => {
        await correct.delete(claim, context);
        await client.remove((claim.status?.providerID ?? "").slice("tiny://".length), context.signal);
      },
    }),
  },
  {
    breaks: "delete-outage",
    mistake: "whatever fails means that the machine is gone",
    provider: (correct) => ({
      delete: (claim, context) =>
        correct.delete(claim, context).catch((cause: unknown) => {
          throw new MachineNotFound("the machine could not be read", { cause });
        }),
    }),
  },
];

const LISTING: readonly BrokenProvider[] = [
  {
    breaks: "list-orphans",
    mistake: "list goes through the NodeClaims",
    provider: (correct, { ports }) => ({
      list: async (context) => {
        const claims = (await ports.kube.list(NodeClaims, context)).items.map(({ metadata }) => metadata.name);
        return (await correct.list(context)).filter(({ metadata }) => claims.includes(metadata.name));
      },
    }),
  },
  {
    breaks: "list-only-ours",
    mistake: "list does not ask for the cluster",
    provider: (correct, { client }) => ({
      list: async (context) => {
        const ours = await correct.list(context);
        const others = (await client.machines("", context.signal)).filter(({ cluster }) => cluster === "another");
        const seen = others.map(({ id, createdAt }) => ({
          apiVersion: "karpenter.sh/v1",
          kind: "NodeClaim",
          metadata: { creationTimestamp: createdAt },
          spec: { nodeClassRef: { group: "", kind: "", name: "" }, requirements: [] },
          status: { providerID: `tiny://${id}` },
        }));
        return [...ours, ...seen];
      },
    }),
  },
  {
    breaks: "list-complete",
    mistake: "only the first page is read",
    provider: (correct) => ({ list: async (context) => (await correct.list(context)).slice(0, PAGE) }),
  },
  {
    breaks: "list-outage",
    mistake: "a list that failed is an empty list",
    provider: (correct) => ({
      list: (context) =>
        correct.list(context).catch((error: unknown) => {
          if (hasCode(error, "PROVIDER_TRANSIENT")) return [];
          throw error;
        }),
    }),
  },
  {
    breaks: "get-one",
    mistake: "what was seen once is answered from memory",
    provider(correct) {
      const seen = new Map<string, Awaited<ReturnType<typeof correct.get>>>();
      return {
        get: async (providerID, context) => {
          const known = seen.get(providerID) ?? (await correct.get(providerID, context));
          seen.set(providerID, known);
          return known;
        },
      };
    },
  },
  {
    breaks: "error-retry-after",
    mistake: "whatever fails is tried once more at once",
    provider: (correct, { url, ports }) => ({
      list: async (context) => {
        await ports.clock
          .during(() => fetch(`${url}/machines`, context).then((answer) => answer.text()))
          .catch(() => {});
        return await correct.list(context);
      },
    }),
  },
  {
    breaks: "error-rate-limited",
    mistake: "429 is taken for an outage",
    provider: (correct) => ({
      list: (context) =>
        correct.list(context).catch((error: unknown) => {
          throw hasCode(error, "PROVIDER_RATE_LIMITED") ? new Transient("no answer", {}) : error;
        }),
    }),
  },
  {
    breaks: "cancel",
    mistake: "the signal is not handed on",
    provider: (correct) => ({ list: () => correct.list({ signal: new AbortController().signal }) }),
  },
];

const OFFERING: readonly BrokenProvider[] = [
  {
    breaks: "types-priced",
    mistake: "a type without a price costs nothing",
    provider: selling(({ version, items }) => ({
      version,
      items: items.map((type) =>
        type.name === "huge"
          ? { ...type, offerings: type.offerings.map((each) => ({ ...each, price: { amount: 0, currency: "EUR" } })) }
          : type,
      ),
    })),
  },
  {
    breaks: "types-out-of-stock",
    mistake: "the list is read once and kept",
    provider(correct) {
      let known: InstanceTypes | undefined;
      return { getInstanceTypes: async (pool, context) => (known ??= await correct.getInstanceTypes(pool, context)) };
    },
  },
  {
    breaks: "types-all-returned",
    mistake: "types that are sold out are left away",
    provider: selling(({ version, items }) => ({
      version,
      items: items.filter(({ offerings }) => offerings.some(({ availability }) => availability.available)),
    })),
  },
  {
    breaks: "types-stable",
    mistake: "the version counts the calls",
    provider(correct) {
      let calls = 0;
      return {
        getInstanceTypes: async (pool, context) => ({
          ...(await correct.getInstanceTypes(pool, context)),
          version: String(++calls),
        }),
      };
    },
  },
  {
    breaks: "types-overhead",
    mistake: "nothing is kept for eviction",
    provider: selling(({ version, items }) => ({
      version,
      items: items.map((type) => ({ ...type, overhead: { ...type.overhead, evictionThreshold: {} } })),
    })),
  },
  {
    breaks: "types-zones",
    mistake: "all zones of the cloud are offered",
    provider: selling(({ version, items }) => ({
      version,
      items: items.map((type) =>
        type.name === "huge"
          ? {
              ...type,
              offerings: type.offerings.map((each) => ({ ...each, requirements: elsewhere(each.requirements) })),
            }
          : type,
      ),
    })),
  },
  {
    breaks: "types-no-kube",
    mistake: "the pool is read again from the API server",
    provider: (correct, { ports }) => ({
      getInstanceTypes: async (pool, context) => {
        const current = await ports.kube.get(NodePools, { name: pool.metadata.name ?? "" }, context);
        return await correct.getInstanceTypes(current, context);
      },
    }),
  },
];

function elsewhere(requirements: Requirements): Requirements {
  return requirements.without(Label.Zone).with(Requirement.of(Label.Zone, "In", ["west"]));
}

const NODES: readonly BrokenProvider[] = [
  {
    breaks: "node-provider-id",
    mistake: "the cloud controller manager writes one slash more",
    node: (node) => ({
      ...node,
      spec: { ...node.spec, providerID: (node.spec?.providerID ?? "").replace("//", "///") },
    }),
  },
  {
    breaks: "node-zone",
    mistake: "the cloud controller manager puts the region before the zone",
    node: (node) => {
      const labels = { ...node.metadata.labels, [Label.Zone]: `eu-${node.metadata.labels?.[Label.Zone]}` };
      return { ...node, metadata: { ...node.metadata, labels } };
    },
  },
  {
    breaks: "node-allocatable",
    mistake: "kubelet keeps twice as much as the catalogue says",
    node: (node) => ({
      ...node,
      status: { ...node.status, allocatable: { ...node.status?.allocatable, memory: "3Gi" } },
    }),
  },
  {
    breaks: "node-taint",
    mistake: "kubelet starts without --register-with-taints",
    node: (node) => ({ ...node, spec: { ...node.spec, taints: [] } }),
  },
];

const DRIFT: readonly BrokenProvider[] = [
  {
    breaks: "drift-none",
    mistake: "every second look finds the order of two lists changed",
    provider(correct) {
      let looks = 0;
      return {
        isDrifted: async (claim, context) => {
          const reason = await correct.isDrifted(claim, context);
          return reason === "" && ++looks % 2 === 0 ? "NetworkDrift" : reason;
        },
      };
    },
  },
  {
    breaks: "drift-reported",
    mistake: "a change of the class is never noticed",
    provider: (correct) => ({ isDrifted: (claim, context) => correct.isDrifted(claim, context).then(() => "") }),
  },
  {
    breaks: "drift-outage",
    mistake: "a machine that cannot be read has drifted",
    provider: (correct) => ({
      isDrifted: (claim, context) => correct.isDrifted(claim, context).catch(() => "MachineDrift"),
    }),
  },
];

export const BROKEN_LOOKING_AFTER: readonly BrokenProvider[] = [
  ...REMOVING,
  ...LISTING,
  ...OFFERING,
  ...NODES,
  ...DRIFT,
];
