// The values of a Secret that a node class names for the join, where no bootstrap token serves.

import { Secrets } from "../api/index.ts";
import { isNotFound, type KubeReader } from "../kube/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";

/** @throws BootstrapError TokenSourceMissing when it is not there */
export async function readJoinSecret(
  kube: Pick<KubeReader, "get">,
  key: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  try {
    const { data = {} } = await kube.get(Secrets, key, { signal });
    return Object.fromEntries(
      Object.entries(data).map(([name, value]) => [name, Buffer.from(value, "base64").toString("utf8")] as const),
    );
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new BootstrapError("TokenSourceMissing", `Secret ${key.namespace}/${key.name} does not exist`, { cause });
  }
}
