// Where the control plane's programs are: KUBEBUILDER_ASSETS first, then the user's cache.

import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { versionsKey, type BinaryName } from "./versions.ts";

export type BinaryPaths = ReadonlyMap<BinaryName, string>;

/** ${XDG_CACHE_HOME:-~/.cache}/karpenter-multicloud/controlplane */
export function cacheRoot(): string {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(base, "karpenter-multicloud", "controlplane");
}

/** The folder of exactly our versions. */
export function cacheFolder(): string {
  return join(cacheRoot(), versionsKey());
}

export function findBinary(name: BinaryName): string | undefined {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  const folders = [...(assets ? [assets] : []), cacheFolder()];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function missingBinaries(names: readonly BinaryName[]): readonly BinaryName[] {
  return names.filter((name) => findBinary(name) === undefined);
}

/** @throws Error naming what is missing and how to get it */
export function requireBinaries(names: readonly BinaryName[]): BinaryPaths {
  const missing = missingBinaries(names);
  if (missing.length > 0) throw new Error(`${missing.join(", ")} not found; ${howToGet()}`);
  return new Map(names.map((name) => [name, findBinary(name) ?? name]));
}

export function howToGet(): string {
  return "build them once with `pnpm controlplane build` (needs Go on the PATH), or set KUBEBUILDER_ASSETS to their folder";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
