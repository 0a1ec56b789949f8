// Versions of Kubernetes as its programs call themselves.

import { BootstrapError } from "./bootstrap-error.ts";

export interface KubernetesVersion {
  /** With a leading v. */
  readonly text: string;
  readonly minor: number;
  readonly patch: number;
}

const VERSION = /^v?1\.(\d+)\.(\d+)([-+][0-9A-Za-z.+-]*)?$/;

/** @throws BootstrapError for anything but 1.X.Y, with or without v and suffix */
export function parseVersion(text: string): KubernetesVersion {
  const version = tryParse(text);
  if (version === undefined) {
    throw new BootstrapError("ClusterFactsMissing", `not a version of Kubernetes: ${JSON.stringify(text)}`);
  }
  return version;
}

/** Of those that are versions; undefined when none is. */
export function newestVersion(texts: readonly string[]): string | undefined {
  const versions = texts.map(tryParse).filter((version) => version !== undefined);
  return versions.toSorted((a, b) => b.minor - a.minor || b.patch - a.patch || (a.text < b.text ? 1 : -1))[0]?.text;
}

/** v1.36 */
export function minorText({ minor }: KubernetesVersion): string {
  return `v1.${minor}`;
}

function tryParse(text: string): KubernetesVersion | undefined {
  const [, minor, patch, suffix = ""] = VERSION.exec(text) ?? [];
  if (minor === undefined || patch === undefined) return undefined;
  return { text: `v1.${Number(minor)}.${Number(patch)}${suffix}`, minor: Number(minor), patch: Number(patch) };
}
