// A bootstrap token as the Secret that the API server's authenticator reads, and back.

import { fromRfc3339, toRfc3339, type NodeClaim, type Secret } from "../api/index.ts";
import type { EpochMs } from "../runtime/index.ts";
import type { BootstrapToken } from "./token.ts";

export const TOKEN_NAMESPACE = "kube-system";
const TOKEN_SECRET_TYPE = "bootstrap.kubernetes.io/token";
const NAME_PREFIX = "bootstrap-token-";

/** Groups whose rights let a machine ask for its certificate and read the cluster's kubelet configuration, and nothing else. */
export const JOIN_GROUP = {
  kubeadm: "system:bootstrappers:kubeadm:default-node-token",
  k3s: "system:bootstrappers:k3s:default-node-token",
} as const;

/** Of which claim a Secret is, by UID: `<domain>/nodeclaim-uid`. */
export function claimUidLabel(labelDomain: string): string {
  return `${labelDomain}/nodeclaim-uid`;
}

function tokenSecretName(id: string): string {
  return `${NAME_PREFIX}${id}`;
}

export interface TokenSecretOptions {
  readonly labelDomain: string;
  readonly group: string;
}

/** @throws Error for a claim without UID: it has not been stored */
export function tokenSecret(token: BootstrapToken, claim: NodeClaim, options: TokenSecretOptions): Secret {
  const { name = "", uid } = claim.metadata;
  if (!uid) throw new Error(`nodeclaim ${name} has no uid`);
  const values = {
    "token-id": token.id,
    "token-secret": token.secret,
    expiration: toRfc3339(token.expiresAt),
    "usage-bootstrap-authentication": "true",
    "usage-bootstrap-signing": "true",
    "auth-extra-groups": options.group,
    description: `karpenter nodeclaim ${name}`,
  };
  return {
    metadata: {
      name: tokenSecretName(token.id),
      namespace: TOKEN_NAMESPACE,
      labels: { [claimUidLabel(options.labelDomain)]: uid },
    },
    type: TOKEN_SECRET_TYPE,
    data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toBase64(value)])),
  };
}

/** Undefined for a Secret that is no bootstrap token, or a broken one. */
export function tokenOf(secret: Secret): BootstrapToken | undefined {
  if (secret.type !== TOKEN_SECRET_TYPE) return undefined;
  const id = tokenValue(secret, "token-id");
  const text = tokenValue(secret, "token-secret");
  if (!/^[a-z0-9]{6}$/.test(id) || !/^[a-z0-9]{16}$/.test(text)) return undefined;
  if (secret.metadata.name !== tokenSecretName(id)) return undefined;
  return { id, secret: text, expiresAt: expiry(tokenValue(secret, "expiration")) };
}

function tokenValue(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
}

/** Without an expiration a token lives for ever; with one that nobody can read it is dead. */
function expiry(text: string): EpochMs {
  if (text === "") return Number.POSITIVE_INFINITY;
  try {
    return fromRfc3339(text);
  } catch {
    return 0;
  }
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
