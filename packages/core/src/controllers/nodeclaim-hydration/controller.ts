// nodeclaim.hydration: a claim that an older version left without the label of its NodeClass gets it (HY-1, D-143).

import { NodeClaims } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { HYDRATION_LIMIT, missingClassLabel } from "../class-label.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

export function nodeClaimHydrationController(deps: Pick<ControllerDeps, "kube" | "cache" | "state">): Controller {
  const claims = deps.cache.informer(NodeClaims);
  return {
    name: "nodeclaim.hydration",
    triggers: [onChange(NodeClaims, ({ after }) => (after?.metadata.name ? [after.metadata.name] : []))],
    concurrency: 10,
    rateLimit: HYDRATION_LIMIT,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      if (!claim || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const labels = missingClassLabel(claim, claim);
      if (!labels) return undefined;
      // The uid keeps it off a namesake (RT-15).
      const patch = { type: "merge", body: { metadata: { uid: claim.metadata.uid, labels } } } as const;
      await deps.kube.patch(NodeClaims, keyOf(claim), patch, { signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}
