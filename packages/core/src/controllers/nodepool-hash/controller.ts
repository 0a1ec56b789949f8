// nodepool.hash: keeps the hash of each NodePool's template on it, and re-stamps its claims when the way of hashing changed.

import {
  Annotation,
  HASH_VERSION,
  NodeClaims,
  nodePoolHash,
  NodePools,
  type KubeObject,
  type NodeClaim,
} from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { claimsOfPool, isDriftedClaim } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "state">;

export function nodePoolHashController(deps: Deps): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodepool.hash",
    triggers: [onChange(NodePools, ({ after }) => (after?.metadata.name ? [after.metadata.name] : []))],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      const hash = nodePoolHash(pool.spec.template);
      const known = pool.metadata.annotations ?? {};
      if (known[Annotation.NodePoolHashVersion] !== HASH_VERSION) {
        for (const claim of claimsOfPool(deps.cache, name)) await restamp(deps, claim, hash, signal);
      }
      if (known[Annotation.NodePoolHash] === hash && known[Annotation.NodePoolHashVersion] === HASH_VERSION)
        return undefined;
      await deps.kube.patch(NodePools, { name }, annotating(pool, stamp(hash)), { signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** NP-4: a drifted claim keeps its old hash, so that it stays drifted; only the version moves on. */
async function restamp(deps: Deps, claim: NodeClaim, hash: string, signal: AbortSignal): Promise<void> {
  if (!deps.state.isManaged(claim.spec.nodeClassRef)) return;
  if (claim.metadata.annotations?.[Annotation.NodePoolHashVersion] === HASH_VERSION) return;
  const annotations = isDriftedClaim(claim) ? { [Annotation.NodePoolHashVersion]: HASH_VERSION } : stamp(hash);
  const patch = annotating(claim, annotations);
  await deps.kube.patch(NodeClaims, keyOf(claim), patch, { signal }).catch(ignoreNotFound);
}

function stamp(hash: string): Readonly<Record<string, string>> {
  return { [Annotation.NodePoolHash]: hash, [Annotation.NodePoolHashVersion]: HASH_VERSION };
}

/** The uid keeps it off a namesake, which was made from another template (RT-15). */
function annotating({ metadata: { uid } }: KubeObject, annotations: Readonly<Record<string, string>>) {
  return { type: "merge", body: { metadata: { uid, annotations } } } as const;
}
