// node.hydration: a Node of one of our claims carries the label of its NodeClass, without which nobody would drain it (HY-1, D-143).

import { NodeClaims, Nodes } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { claimsOfMachine, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { HYDRATION_LIMIT, missingClassLabel } from "../class-label.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

export function nodeHydrationController(deps: Pick<ControllerDeps, "kube" | "cache" | "state">): Controller {
  const nodes = deps.cache.informer(Nodes);
  return {
    name: "node.hydration",
    triggers: [
      onChange(Nodes, ({ after }) => (after?.metadata.name ? [after.metadata.name] : [])),
      onChange(NodeClaims, ({ after }) =>
        nodesOfMachine(deps.cache, after?.status?.providerID).map(({ metadata }) => metadata.name ?? ""),
      ),
    ],
    concurrency: 10,
    rateLimit: HYDRATION_LIMIT,
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      const claims = claimsOfMachine(deps.cache, node?.spec?.providerID ?? "");
      const [claim] = claims;
      // Two claims for one machine: nobody can tell which is right.
      if (!node || !claim || claims.length > 1 || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const labels = missingClassLabel(node, claim);
      if (!labels) return undefined;
      // The uid keeps it off a namesake (RT-15).
      const patch = { type: "merge", body: { metadata: { uid: node.metadata.uid, labels } } } as const;
      await deps.kube.patch(Nodes, keyOf(node), patch, { signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}
