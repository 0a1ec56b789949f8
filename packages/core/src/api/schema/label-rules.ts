// Which label keys a user may not take for a NodePool, a NodeClaim or a domain of a provider (DOM, HOST, NP).

import { rule } from "./schema.ts";
import type { ValidationRule } from "./schema.ts";

type Labels = Readonly<Record<string, unknown>>;

/** What stands before the first "/", or the whole key. */
function keyDomain(key: string): string {
  const slash = key.indexOf("/");
  return slash < 0 ? key : key.slice(0, slash);
}

export interface KeyTest {
  /** CEL over the key, which is called `key` there. */
  readonly cel: (key: string) => string;
  readonly message: string;
  readonly allows: (key: string) => boolean;
}

/** Keys whose domain ends with this text are reserved, except those listed: a plain suffix, so notkarpenter.sh/x is reserved too. */
function reservedDomain(domain: string, except: readonly string[]): KeyTest {
  const listed = except.map((key) => `'${key}'`).join(", ");
  return {
    cel: (key) => `${key} in [${listed}] || !${key}.find('^([^/]+)').endsWith('${domain}')`,
    message: `keys of the domain ${domain} are reserved; of them only ${except.join(" and ")} can be used`,
    allows: (key) => except.includes(key) || !keyDomain(key).endsWith(domain),
  };
}

function reservedKey(reserved: string, why: string): KeyTest {
  return { cel: (key) => `${key} != '${reserved}'`, message: why, allows: (key) => key !== reserved };
}

export const KARPENTER_DOMAIN = reservedDomain("karpenter.sh", ["karpenter.sh/capacity-type", "karpenter.sh/nodepool"]);
export const HOSTNAME_KEY = reservedKey(
  "kubernetes.io/hostname",
  "kubernetes.io/hostname cannot be chosen: every node has its own",
);
export const NODE_POOL_KEY = reservedKey(
  "karpenter.sh/nodepool",
  "karpenter.sh/nodepool is set by the autoscaler itself",
);

/** The test as a rule over one text. */
export function keyRule(test: KeyTest): ValidationRule {
  return rule<string>(test.cel("self"), { message: test.message, check: test.allows });
}

/** The test as a rule over the keys of a map. */
export function mapKeysRule(test: KeyTest): ValidationRule {
  return rule<Labels>(`self.all(x, ${test.cel("x")})`, {
    message: test.message,
    check: (self) => Object.keys(self).every(test.allows),
    locate: (self) => `[${Object.keys(self).find((key) => !test.allows(key)) ?? ""}]`,
  });
}
