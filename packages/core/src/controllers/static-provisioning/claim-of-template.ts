// The claim of one more machine of a NodePool, whatever it is for (ST-1, D-64).

import { HASH_VERSION, nodePoolHash, type NodeClaim, type NodePool } from "../../api/index.ts";
import { normalizationOf, wellKnownLabelsOf, type CloudProvider } from "../../provider/index.ts";
import { nodeClaimFromTemplate, type TemplateRules } from "../../scheduling/index.ts";

export function claimOfTemplate(provider: Pick<CloudProvider, "settings">, pool: NodePool): NodeClaim {
  const { restrictedDomains, ...settings } = provider.settings();
  const rules: TemplateRules = {
    wellKnownLabels: wellKnownLabelsOf(settings),
    ...(restrictedDomains && { restrictedDomains }),
    normalization: normalizationOf(settings),
  };
  const stamp = { nodePoolHash: nodePoolHash(pool.spec.template), hashVersion: HASH_VERSION };
  return nodeClaimFromTemplate(pool, stamp, rules);
}
