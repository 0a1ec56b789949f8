// What goes into the image: read from packages/controller/image-manifest.json, the one place that says it.

import { readFileSync } from "node:fs";
import { matchesGlob } from "node:path";

export interface ImageManifest {
  /** What the image starts, from its root. */
  readonly entry: string;
  /** Our own packages beside the controller itself, without their scope. */
  readonly workspacePackages: readonly string[];
  /** Of our own packages, from each one's root: only these files. */
  readonly ownFiles: readonly string[];
  /** Of those, not these. */
  readonly neverOwn: readonly string[];
  /** Of everybody else's, from the image's root: not these. */
  readonly neverForeign: readonly string[];
  /** Packages that must not even be there. */
  readonly neverPackages: readonly string[];
}

export const SCOPE = "@karpenter-multicloud";

const FILE = new URL("../../packages/controller/image-manifest.json", import.meta.url);
/** Path of one of our packages within the deployed folder, with links followed. */
const OWN_PACKAGE = new RegExp(`^node_modules/\\.pnpm/${SCOPE}\\+[^/]+/node_modules/${SCOPE}/[^/]+/`);

export function readManifest(): ImageManifest {
  return JSON.parse(readFileSync(FILE, "utf8")) as ImageManifest;
}

/** `path` is from the root of the deployed folder, with forward slashes. */
export function belongsInImage(manifest: ImageManifest, path: string): boolean {
  const own = ownPath(path);
  if (own === undefined) return !matches(path, manifest.neverForeign);
  return matches(own, manifest.ownFiles) && !matches(own, manifest.neverOwn);
}

/** From the root of our package it belongs to; undefined for everybody else's files. */
function ownPath(path: string): string | undefined {
  const [prefix] = OWN_PACKAGE.exec(path) ?? [];
  if (prefix !== undefined) {
    const rest = path.slice(prefix.length);
    return rest.startsWith("node_modules/") ? undefined : rest;
  }
  return path.startsWith("node_modules/") ? undefined : path;
}

function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern));
}
