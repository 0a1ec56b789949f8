// Writes every file of the repository that is made from source, or with --check tells which of them are out of date.
// Run it with `pnpm generate`.

import { CUSTOM_RESOURCES } from "../packages/core/src/api/index.ts";
import type { CustomResource } from "../packages/core/src/api/index.ts";
import { CLOUDSTACK_CUSTOM_RESOURCES } from "../packages/provider-cloudstack/src/api/cloudstack-node-class.schema.ts";
import { OVH_CUSTOM_RESOURCES } from "../packages/provider-ovh/src/api/ovh-node-class.schema.ts";
import { SCALEWAY_CUSTOM_RESOURCES } from "../packages/provider-scaleway/src/api/scaleway-node-class.schema.ts";
import { annotationsPage } from "./generate/annotations-page.ts";
import { crdChartFiles, crdFiles } from "./generate/crds.ts";
import { dashboardFiles } from "./generate/dashboards.ts";
import { metricsPage } from "./generate/metrics-page.ts";
import { providerSettingsPages } from "./generate/provider-settings-pages.ts";
import { reasonsPages } from "./generate/reasons-pages.ts";
import { settingsPage } from "./generate/settings-page.ts";
import { staleFiles, writeFiles } from "./generate/files.ts";
import type { GeneratedSet } from "./generate/files.ts";

/** Custom resources that get a CustomResourceDefinition in the chart: the product's own and each provider's. */
const RESOURCES: readonly CustomResource[] = [
  ...CUSTOM_RESOURCES,
  ...OVH_CUSTOM_RESOURCES,
  ...SCALEWAY_CUSTOM_RESOURCES,
  ...CLOUDSTACK_CUSTOM_RESOURCES,
];

const SETS: readonly GeneratedSet[] = [
  crdFiles(RESOURCES),
  crdChartFiles(RESOURCES),
  annotationsPage(),
  settingsPage(),
  ...providerSettingsPages(),
  metricsPage(),
  dashboardFiles(),
  reasonsPages(),
];

const root = new URL("../", import.meta.url);

if (process.argv.includes("--check")) {
  const stale = SETS.flatMap((set) => staleFiles(root, set));
  for (const { path, why } of stale) process.stderr.write(`${path}: ${why}\n`);
  if (stale.length > 0) {
    process.stderr.write("run: pnpm generate\n");
    process.exitCode = 1;
  }
} else {
  for (const set of SETS) {
    for (const path of writeFiles(root, set)) process.stdout.write(`${path}\n`);
  }
}
