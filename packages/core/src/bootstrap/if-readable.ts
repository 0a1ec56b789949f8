// What the cluster tells of itself, as far as it is there and ours to read.

import { isNotFound, KubeError } from "../kube/index.ts";

/** Undefined for what does not exist, or may not be read. */
export async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error) || (KubeError.is(error) && error.code === 403)) return undefined;
    throw error;
  }
}
