// The values of a Secret that a node class names for the join, where no bootstrap token serves.

import { Secrets } from "../api/index.ts";
import { isNotFound, type KubeReader } from "../kube/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";

/** A class's bootstrap.tokenSecretRef. */
export interface TokenSecretRef {
  readonly name: string;
  readonly namespace?: string;
  /** The entry that holds the token, where it is not called token. */
  readonly key?: string;
}

export interface JoinSecretParts {
  readonly kube: Pick<KubeReader, "get">;
  /** Where a reference without namespace points to. */
  readonly namespace: string;
}

/** Undefined without a reference. @throws BootstrapError TokenSourceMissing when the Secret is not there */
export async function readJoinSecret(
  reference: TokenSecretRef | undefined,
  { kube, namespace: ownNamespace }: JoinSecretParts,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (reference === undefined) return undefined;
  const { name, namespace = ownNamespace, key } = reference;
  try {
    const { data = {} } = await kube.get(Secrets, { name, namespace }, { signal });
    const all = Object.fromEntries(
      Object.entries(data).map(([entry, value]) => [entry, Buffer.from(value, "base64").toString("utf8")] as const),
    );
    const token = key === undefined ? undefined : all[key];
    return token === undefined ? all : { ...all, token };
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new BootstrapError("TokenSourceMissing", `Secret ${namespace}/${name} does not exist`, { cause });
  }
}
