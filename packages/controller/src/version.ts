// Which version of the product this is, and from what it was built.

import type { Environment } from "@karpenter-multicloud/core/controllers";
import type { MetricLabels } from "@karpenter-multicloud/core/telemetry";
import { readFileSync } from "node:fs";

/** The same path from the source and from the built folder. */
const PACKAGE = new URL("../package.json", import.meta.url);

export function productVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string };
  return version;
}

/** M-1: the image knows the commit it was built from; dashboards know the names of a Go program's labels. */
export function buildLabels(env: Environment): MetricLabels {
  const commit = env["KMC_COMMIT"] ?? "";
  return { version: productVersion(), goversion: process.version, goarch: process.arch, commit };
}
